import type { Problem, Progress } from '@varve/engine'
import { formatBytes } from '../format/format-bytes.ts'
import type { Output } from '../terminal/output.ts'
import { ProgressState } from './progress-state.ts'
import type { ReportedItem, Reporter } from './reporter.ts'
import { statusLine } from './status-line.ts'

/** How a {@link TextReporter} reports. */
export interface TextReporterOptions {
  readonly output: Output
  /** 0 with `--quiet`, 1 without any option, one more for each `--verbose`. */
  readonly verbosity: number
  /** Milliseconds between two status lines; undefined shows none. */
  readonly interval: number | undefined
  /** A clock in milliseconds that only goes forward. */
  readonly now: () => number
  /** What progress counts besides bytes, where that is always the same. */
  readonly counts: 'file' | undefined
}

const ACTION_COLUMNS = 'unchanged'.length

/** Reports for people: a status line that redraws on a terminal, plain lines elsewhere. */
export class TextReporter implements Reporter {
  readonly #options: TextReporterOptions
  readonly #state: ProgressState
  #timer: NodeJS.Timeout | undefined
  #drawnAt: number

  constructor(options: TextReporterOptions) {
    this.#options = options
    this.#state = new ProgressState(options.now)
    this.#drawnAt = options.now()
  }

  progress(progress: Progress): void {
    this.#state.update(progress)
    const { interval, now } = this.#options
    if (interval === undefined) return
    // The line also moves on while the engine has nothing to report: the clock shows that the job is alive. The timer alone would not
    // do: it is late where the engine keeps the thread busy.
    this.#timer ??= setInterval(() => this.#draw(), interval).unref()
    if (now() - this.#drawnAt >= interval) this.#draw()
  }

  item({ action, path, size, level }: ReportedItem): void {
    const { output, verbosity } = this.#options
    if (verbosity <= level) return
    output.line(`${action.padEnd(ACTION_COLUMNS)}  ${path}${size === undefined ? '' : `  (${formatBytes(size)})`}`)
  }

  problem({ path, message }: Problem): void {
    this.#options.output.errorLine(`Error: ${path}: ${message}`)
  }

  notice(text: string): void {
    if (this.#options.verbosity > 0) this.#options.output.line(text)
  }

  warning(text: string): void {
    this.#options.output.errorLine(`Warning: ${text}`)
  }

  end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#options.output.status('')
  }

  #draw(): void {
    const { output } = this.#options
    const { last } = this.#state
    if (last === undefined) return
    this.#drawnAt = this.#options.now()
    const line = (columns: number): string => statusLine(last, this.#state.timing(), columns, this.#options.counts)
    if (output.hasStatusLine) output.status(line(output.statusColumns))
    else output.line(line(Infinity))
  }
}
