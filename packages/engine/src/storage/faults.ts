import { setTimeout } from 'node:timers/promises'
import { throwIfAborted, VarveError, type ErrorCode } from '@varve/platform/errors'
import type { DamageAction, Fault, FaultAction, OmissionAction, PerformedOperation } from './fault-script.ts'
import { damageBytes, matchesFault, omitNames } from './fault-script.ts'
import { describeObject } from './object-name.ts'
import type { ByteRange, FileType, Storage, StoredFile } from './storage.ts'

/** How a {@link FaultyStorage} waits. */
export interface FaultyStorageOptions {
  /** Waits for a delay, in milliseconds; real time unless given. Rejects when the signal is aborted. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** Ends delays: the operations that are being delayed fail with ERR_VARVE_ABORTED. */
  readonly signal?: AbortSignal | undefined
}

/** The ways in which an operation can come out. */
interface Outcomes<T> {
  /** As it should. */
  readonly whole: () => Promise<T>
  /** With other bytes. */
  readonly damaged?: (damage: DamageAction) => Promise<T>
  /** Done in part. */
  readonly torn?: () => Promise<void>
  /** With names left out. */
  readonly omitting?: (omission: OmissionAction) => Promise<T>
  /** Not at all, and reported as done. */
  readonly pretended?: () => Promise<T>
}

/**
 * Storage that fails where a script says so, in front of any other storage, and otherwise is as the other one. It shows what a
 * program does when storage lets it down.
 *
 * Every operation is counted and recorded in `performed`. To try a fault at every operation, run once with an empty script,
 * then again with `{ at: n, action: … }` for each n up to `performed.length`, each time on a fresh or copied storage. With calls at the
 * same time, which one is the n-th may differ between runs.
 *
 * After a crash, which stands for the death of the process, every operation fails, those under way included, and the storage behind is
 * what the next process finds. Closing is no operation: it always closes the storage behind.
 */
export class FaultyStorage implements Storage {
  readonly location: string
  readonly localPaths: readonly string[]
  /** There only where the storage behind has it. */
  readonly reclaim?: () => Promise<void>
  readonly #inner: Storage
  readonly #script: readonly Fault[]
  readonly #matches: number[]
  readonly #performed: PerformedOperation[] = []
  readonly #ended = new AbortController()
  readonly #wait: (milliseconds: number, signal: AbortSignal) => Promise<void>
  readonly #delaySignal: AbortSignal
  #crashed = false

  /**
   * @param inner - the storage that does the work
   * @param script - what is to go wrong; nothing if empty
   */
  constructor(inner: Storage, script: readonly Fault[], options: FaultyStorageOptions = {}) {
    this.location = inner.location
    this.localPaths = inner.localPaths
    this.#inner = inner
    this.#script = script
    this.#matches = script.map(() => 0)
    this.#wait = options.wait ?? waitInRealTime
    const { signal } = options
    this.#delaySignal = signal === undefined ? this.#ended.signal : AbortSignal.any([signal, this.#ended.signal])
    const reclaim = inner.reclaim?.bind(inner)
    if (reclaim !== undefined) this.reclaim = () => this.#perform({ operation: 'reclaim' }, { whole: reclaim })
  }

  /** All operations so far, in the order in which they were begun; those that were refused after a crash are not among them. */
  get performed(): readonly PerformedOperation[] {
    return this.#performed
  }

  /** Whether a crash of the script has happened. */
  get crashed(): boolean {
    return this.#crashed
  }

  async list(type: FileType): Promise<readonly StoredFile[]> {
    const whole = () => this.#inner.list(type)
    const omitting = async (omission: OmissionAction) => omitNames(await whole(), omission, this.#savedNames(type))
    return await this.#perform({ operation: 'list', type }, { whole, omitting })
  }

  async load(type: FileType, name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    const whole = () => this.#inner.load(type, name, range)
    const damaged = async (damage: DamageAction) => damageBytes(await whole(), damage)
    return await this.#perform({ operation: 'load', type, name }, { whole, damaged })
  }

  async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    await this.#perform(
      { operation: 'save', type, name },
      {
        whole: () => this.#inner.save(type, name, bytes),
        damaged: (damage) => this.#inner.save(type, name, damageBytes(bytes, damage)),
        torn: () => this.#inner.save(type, name, bytes.subarray(0, bytes.length >> 1)),
        pretended: async () => undefined,
      },
    )
  }

  async remove(type: FileType, name: string): Promise<void> {
    const whole = () => this.#inner.remove(type, name)
    await this.#perform({ operation: 'remove', type, name }, { whole, pretended: async () => undefined })
  }

  async stat(type: FileType, name: string): Promise<StoredFile | undefined> {
    return await this.#perform({ operation: 'stat', type, name }, { whole: () => this.#inner.stat(type, name) })
  }

  async close(): Promise<void> {
    this.#ended.abort()
    await this.#inner.close()
  }

  async #perform<T>(operation: PerformedOperation, outcomes: Outcomes<T>): Promise<T> {
    this.#refuseAfterCrash(operation)
    this.#performed.push(operation)
    try {
      const result = await this.#carryOut(operation, outcomes)
      // What comes back after a crash comes back to nobody.
      this.#refuseAfterCrash(operation)
      return result
    } catch (error) {
      this.#refuseAfterCrash(operation)
      throw error
    }
  }

  async #carryOut<T>(operation: PerformedOperation, outcomes: Outcomes<T>): Promise<T> {
    const action = await this.#meetFaults(operation)
    switch (action?.kind) {
      case undefined:
        break
      case 'fail':
        throw injectedFailure(operation, action)
      case 'fail-after':
        await outcomes.whole()
        throw injectedFailure(operation, action)
      case 'truncate':
      case 'corrupt':
        if (outcomes.damaged !== undefined) return await outcomes.damaged(action)
        break
      case 'omit':
      case 'omit-new':
        if (outcomes.omitting !== undefined) return await outcomes.omitting(action)
        break
      case 'pretend':
        if (outcomes.pretended !== undefined) return await outcomes.pretended()
        break
      case 'crash':
        this.#crashed = true
        this.#ended.abort()
        if (action.when === 'after') await outcomes.whole()
        if (action.when === 'torn') await outcomes.torn?.()
        throw crashFailure(operation)
    }
    return await outcomes.whole()
  }

  /** Counts an operation, sits out its delays, and returns what else is to happen to it. */
  async #meetFaults(operation: PerformedOperation): Promise<Exclude<FaultAction, { kind: 'delay' }> | undefined> {
    const due = this.#script.filter((fault, index) => {
      if (!matchesFault(fault, operation)) return false
      const count = (this.#matches[index] ?? 0) + 1
      this.#matches[index] = count
      return count === fault.at
    })
    let met: Exclude<FaultAction, { kind: 'delay' }> | undefined
    for (const { action } of due) {
      if (action.kind === 'delay') await this.#delay(action.milliseconds)
      else met ??= action
    }
    return met
  }

  #savedNames(wanted: FileType): ReadonlySet<string> {
    const saves = this.#performed.filter(({ operation, type }) => operation === 'save' && type === wanted)
    return new Set(saves.map(({ name = '' }) => name))
  }

  async #delay(milliseconds: number): Promise<void> {
    throwIfAborted(this.#delaySignal)
    try {
      await this.#wait(milliseconds, this.#delaySignal)
    } catch (error) {
      throwIfAborted(this.#delaySignal)
      throw error
    }
    throwIfAborted(this.#delaySignal)
  }

  #refuseAfterCrash(operation: PerformedOperation): void {
    if (this.#crashed) throw crashFailure(operation)
  }
}

async function waitInRealTime(milliseconds: number, signal: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, undefined, { signal })
}

function injectedFailure(operation: PerformedOperation, action: { readonly code?: ErrorCode }): VarveError {
  return new VarveError(action.code ?? 'ERR_VARVE_STORAGE', `cannot ${describe(operation)}: a failure was injected`)
}

function crashFailure(operation: PerformedOperation): VarveError {
  return new VarveError('ERR_VARVE_STORAGE', `cannot ${describe(operation)}: a crash was injected`)
}

function describe({ operation, type, name }: PerformedOperation): string {
  if (type === undefined) return operation
  return `${operation} ${name === undefined ? `the ${type} objects` : describeObject(type, name)}`
}
