import type { Worker } from 'node:worker_threads'
import { startThread, workerUrl } from '@varve/platform/workers'
import type { Snapshot } from '../repository/snapshot.ts'
import type { RuleOptions } from './rules/rules.ts'
import type { SourceTree } from './source-tree.ts'
import { WalkBatchReader, type WalkBatch } from './walk-batch.ts'
import type { WalkStep } from './walk.ts'

/** Files from which on it is worth to start a thread, which takes some hundredths of a second. */
const MANY_FILES = 5000

/** The rules that a walking thread follows. */
export interface WalkAheadRules {
  readonly rules: RuleOptions
  /** Of `RuleContext`. */
  readonly sourcePaths: readonly string[]
  readonly ownPaths: readonly string[]
}

/** What a walking thread starts with. */
export interface WalkWorkerData extends WalkAheadRules {
  readonly sources: SourceTree
  readonly separator: string
  /** One number: batches that have been taken. */
  readonly taken: SharedArrayBuffer
}

/** The rules, where a thread is to walk by them: where the parent snapshot has many files, which only need to be compared. */
export function aheadOf(parent: Snapshot | undefined, rules: WalkAheadRules): WalkAheadRules | undefined {
  return (parent?.summary?.totalFilesProcessed ?? 0) < MANY_FILES ? undefined : rules
}

/** A walk in a thread of its own that is some thousand entries ahead of whoever asks for them. */
export class WalkAhead {
  readonly #thread: Worker
  readonly #separator: string
  readonly #taken: Int32Array
  readonly #batches: WalkBatch[] = []
  #reader: WalkBatchReader | undefined
  #failure: { readonly error: unknown } | undefined
  #ended = false
  #wake: (() => void) | undefined

  constructor(data: Omit<WalkWorkerData, 'taken'>) {
    const taken = new SharedArrayBuffer(4)
    this.#taken = new Int32Array(taken)
    this.#separator = data.separator
    const workerData: WalkWorkerData = { ...data, taken }
    this.#thread = startThread(workerUrl(import.meta.url, './walk-worker'), { workerData })
    this.#thread.on('message', (batch: WalkBatch | null) => {
      if (batch === null) this.#ended = true
      else this.#batches.push(batch)
      this.#wake?.()
    })
    this.#thread.on('error', (error) => this.#fail(error))
    this.#thread.on('exit', (code) => {
      if (!this.#ended) this.#fail(new Error(`the walking thread ended unexpectedly with code ${code}`))
    })
  }

  /** As `Walk.next`, of what is there; undefined where one has to wait, or at the end. @param folder - path of the folder that the walk is in */
  next(folder: string): WalkStep | undefined {
    for (;;) {
      const step = this.#reader?.next(folder)
      if (step !== undefined) return step
      const batch = this.#batches.shift()
      if (batch === undefined) return undefined
      Atomics.add(this.#taken, 0, 1)
      Atomics.notify(this.#taken, 0)
      this.#reader = new WalkBatchReader(batch, this.#separator)
    }
  }

  /** Waits until there is a step; false at the end. Throws what the walk threw. */
  async more(): Promise<boolean> {
    while (this.#batches.length === 0) {
      if (this.#failure !== undefined) throw this.#failure.error
      if (this.#ended) return false
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return true
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.#ended = true
    this.#wake?.()
    await this.#thread.terminate()
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake?.()
  }
}
