import type { Progress } from '@varve/platform'
import type { NodeType } from '../repository/node.ts'
import type { EntryAction } from './planned-entries.ts'
import type { RestoreAction, RestoreOptions } from './restore-options.ts'
import { planFigures, type RestorePlan } from './restore-plan.ts'

/** Time between two reports, in milliseconds. */
const INTERVAL = 100

const ITEM_ACTIONS: Readonly<Record<EntryAction, RestoreAction>> = {
  make: 'created',
  replace: 'updated',
  update: 'updated',
  keep: 'unchanged',
  skip: 'skipped',
}

type Listeners = Pick<RestoreOptions, 'onProgress' | 'onProblem' | 'onItem'>

/** Tells whoever listens how a restore goes. */
export class RestoreReporter {
  readonly #listeners: Listeners
  readonly #phase: string
  #timer: NodeJS.Timeout | undefined
  problems = 0
  filesDone = 0
  filesTotal: number | undefined
  bytesDone = 0
  bytesTotal: number | undefined
  /** Gives the path being worked on, when somebody wants to know. */
  current: () => string | undefined = () => undefined

  /** @param phase - what the work is called in reports */
  constructor(listeners: Listeners, phase: string) {
    this.#listeners = listeners
    this.#phase = phase
  }

  /** Starts to report progress. */
  start(): void {
    if (this.#listeners.onProgress !== undefined) this.#timer ??= setInterval(() => this.#report(), INTERVAL)
  }

  /** Knows from now on how much there is to do, and what has gone wrong in planning it. */
  expect(plan: RestorePlan): void {
    const { filesTotal, bytesTotal, bytesToWrite } = planFigures(plan)
    this.filesTotal = filesTotal
    this.bytesTotal = bytesTotal
    this.bytesDone += bytesTotal - bytesToWrite
    this.problems += plan.problems
  }

  /** Reports progress a last time, and no more. Idempotent. */
  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#report()
  }

  /** Something could not be restored. `message` is a sentence without the path. */
  problem(path: string, message: string): void {
    this.problems++
    this.#listeners.onProblem?.({ path, message })
  }

  /** The restore is done with an entry. */
  item(action: EntryAction | 'delete', path: () => string, type: NodeType, size: number): void {
    const { onItem } = this.#listeners
    if (onItem === undefined) return
    onItem({ action: action === 'delete' ? 'deleted' : ITEM_ACTIONS[action], path: path(), type, size })
  }

  #report(): void {
    const current = this.current()
    this.#listeners.onProgress?.({
      phase: this.#phase,
      filesDone: this.filesDone,
      filesTotal: this.filesTotal,
      bytesDone: this.bytesDone,
      bytesTotal: this.bytesTotal,
      current: current === undefined ? [] : [current],
      errors: this.problems,
    } satisfies Progress)
  }
}
