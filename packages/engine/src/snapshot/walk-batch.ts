import { ROW_WORDS, StatsRow, StatsRows } from './stats-row.ts'
import type { WalkStep } from './walk.ts'

const KINDS = ['leave', 'problem', 'folder', 'leading', 'entry', 'explicit entry'] as const

/** Added to the kind of an entry that may have attributes. */
const ATTRIBUTES = 0x80

/** Between texts: no name and no path has it. */
const END = '\0'

/** Steps of a walk on their way from one thread to another: few objects, so that copying them costs little. */
export interface WalkBatch {
  readonly kinds: Uint8Array<ArrayBuffer>
  /** Names, one after the other. */
  readonly names: string
  /** By the number of a step: paths that are not that of the folder around and the name; of a problem, its path and message. */
  readonly others: ReadonlyMap<number, readonly [path: string, message: string]>
  /** Of each entry what `lstat` gave. */
  readonly words: BigInt64Array<ArrayBuffer>
}

/** Puts steps into a batch. */
export class WalkBatchWriter {
  readonly #separator: string
  readonly #kinds: Uint8Array<ArrayBuffer>
  readonly #rows: StatsRows
  readonly #names: string[] = []
  readonly #others = new Map<number, readonly [string, string]>()
  #count = 0

  /** @param size - steps that it has room for */
  constructor(size: number, separator: string) {
    this.#separator = separator
    this.#kinds = new Uint8Array(size)
    this.#rows = new StatsRows(new BigInt64Array(size * ROW_WORDS))
  }

  /** Whether it has no room left. */
  get isFull(): boolean {
    return this.#count === this.#kinds.length
  }

  /** Adds a step. @param folder - path of the folder that it is in */
  add(step: WalkStep, folder: string): void {
    const number = this.#count++
    const kind = KINDS.indexOf(step.kind === 'entry' && step.explicit ? 'explicit entry' : step.kind)
    this.#kinds[number] = kind
    if (step.kind === 'leave') return
    if (step.kind === 'problem') {
      this.#others.set(number, [step.path, step.message])
      return
    }
    const { name, path, stats, mayHaveAttributes } = step
    if (mayHaveAttributes) this.#kinds[number] = kind | ATTRIBUTES
    if (path !== joinPath(folder, name, this.#separator)) this.#others.set(number, [path, ''])
    this.#rows.put(this.#names.length * ROW_WORDS, stats)
    this.#names.push(name)
  }

  /** The batch. The writer is used up then. */
  finish(): WalkBatch {
    return {
      kinds: this.#kinds.subarray(0, this.#count),
      names: this.#names.join(END),
      others: this.#others,
      words: this.#rows.words.subarray(0, this.#names.length * ROW_WORDS),
    }
  }
}

/** Takes the steps of a batch. */
export class WalkBatchReader {
  readonly #kinds: Uint8Array
  readonly #names: readonly string[]
  readonly #others: WalkBatch['others']
  readonly #rows: StatsRows
  readonly #separator: string
  #step = 0
  #row = 0

  constructor({ kinds, names, others, words }: WalkBatch, separator: string) {
    this.#kinds = kinds
    this.#names = names.split(END)
    this.#others = others
    this.#rows = new StatsRows(words)
    this.#separator = separator
  }

  /** The next step; undefined where there is none. @param folder - path of the folder that it is in */
  next(folder: string): WalkStep | undefined {
    if (this.#step === this.#kinds.length) return undefined
    const step = this.#step++
    const bits = this.#kinds[step] ?? 0
    const kind = KINDS[bits & ~ATTRIBUTES] ?? 'leave'
    if (kind === 'leave') return { kind }
    const other = this.#others.size === 0 ? undefined : this.#others.get(step)
    if (kind === 'problem') return { kind, path: other?.[0] ?? '', message: other?.[1] ?? '' }
    const row = this.#row++
    const name = this.#names[row] ?? ''
    const path = other === undefined ? joinPath(folder, name, this.#separator) : other[0]
    const stats = new StatsRow(this.#rows, row * ROW_WORDS)
    const mayHaveAttributes = (bits & ATTRIBUTES) !== 0
    if (kind === 'folder' || kind === 'leading') return { kind, name, path, stats, mayHaveAttributes }
    return { kind: 'entry', name, path, stats, mayHaveAttributes, explicit: kind === 'explicit entry' }
  }
}

function joinPath(folder: string, name: string, separator: string): string {
  return folder.endsWith(separator) ? folder + name : folder + separator + name
}
