import type { Problem, Progress } from '@varve/engine'
import type { Output } from '../terminal/output.ts'
import { type JobTiming, ProgressState } from './progress-state.ts'
import type { ReportedItem, Reporter } from './reporter.ts'

/** What a `status` message of a command says besides its type. */
export type StatusMessage = (progress: Progress, timing: JobTiming) => object

/** How a {@link JsonReporter} reports. */
export interface JsonReporterOptions {
  readonly output: Output
  /** 0 with `--quiet`, 1 without any option, one more for each `--verbose`. */
  readonly verbosity: number
  /** Least milliseconds between two status messages; undefined sends none. */
  readonly interval: number | undefined
  /** A clock in milliseconds that only goes forward. */
  readonly now: () => number
  /** Undefined where the command has no status messages. */
  readonly statusMessage: StatusMessage | undefined
  /** What a problem happened during, for the `during` field. */
  readonly during: string
}

/** From how many verbosity levels on each entry is reported, as in restic. */
const ITEM_VERBOSITY = 3

/** Reports for programs, one JSON document a line, with restic's message types. */
export class JsonReporter implements Reporter {
  readonly #options: JsonReporterOptions
  readonly #state: ProgressState
  #sentAt = -Infinity
  #ended = false

  constructor(options: JsonReporterOptions) {
    this.#options = options
    this.#state = new ProgressState(options.now)
  }

  progress(progress: Progress): void {
    this.#state.update(progress)
    const { interval, statusMessage, output, now } = this.#options
    if (interval === undefined || statusMessage === undefined || this.#ended || now() - this.#sentAt < interval) return
    this.#sentAt = now()
    output.json({ message_type: 'status', ...statusMessage(progress, this.#state.timing()) })
  }

  item({ action, path, size, level }: ReportedItem): void {
    if (level > 0 && this.#options.verbosity < ITEM_VERBOSITY) return
    this.#options.output.json({
      message_type: 'verbose_status',
      action,
      item: path,
      ...(size === undefined ? {} : { size }),
    })
  }

  problem({ path, message }: Problem): void {
    this.#options.output.errorJson({
      message_type: 'error',
      error: { message },
      during: this.#options.during,
      item: path,
    })
  }

  notice(text: string, message?: object): void {
    if (message !== undefined) this.#options.output.json(message)
    else if (this.#options.verbosity > 1) this.#options.output.json({ message_type: 'notice', message: text })
  }

  warning(text: string): void {
    this.#options.output.errorJson({ message_type: 'warning', message: text })
  }

  end(): void {
    this.#ended = true
  }
}
