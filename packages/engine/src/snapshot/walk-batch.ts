import type { EntryStats, WalkStep } from './walk.ts'

const KINDS = ['leave', 'problem', 'folder', 'leading', 'entry', 'explicit entry'] as const

/** Bytes of the words of an entry. */
const ROW_WORDS = 11

const TYPE_BITS = 0o170000n
const FOLDER_TYPE = 0o040000n
const FILE_TYPE = 0o100000n

/** Steps of a walk on their way from one thread to another: few objects, so that copying them costs little. */
export interface WalkBatch {
  readonly kinds: Uint8Array<ArrayBuffer>
  /** Names and, where they are not that of the folder around and the name, paths: empty where they are. Of a problem, path and message. */
  readonly texts: readonly string[]
  /** Of each entry what `lstat` gave. */
  readonly words: BigInt64Array<ArrayBuffer>
}

/** Puts steps into a batch. */
export class WalkBatchWriter {
  readonly #separator: string
  readonly #kinds: Uint8Array<ArrayBuffer>
  readonly #words: BigInt64Array<ArrayBuffer>
  readonly #texts: string[] = []
  #count = 0
  #rows = 0

  /** @param size - steps that it has room for */
  constructor(size: number, separator: string) {
    this.#separator = separator
    this.#kinds = new Uint8Array(size)
    this.#words = new BigInt64Array(size * ROW_WORDS)
  }

  /** Whether it has no room left. */
  get isFull(): boolean {
    return this.#count === this.#kinds.length
  }

  /** Adds a step. @param folder - path of the folder that it is in */
  add(step: WalkStep, folder: string): void {
    this.#kinds[this.#count++] = KINDS.indexOf(step.kind === 'entry' && step.explicit ? 'explicit entry' : step.kind)
    if (step.kind === 'leave') return
    if (step.kind === 'problem') {
      this.#texts.push(step.path, step.message)
      return
    }
    const { name, path, stats } = step
    this.#texts.push(name, path === joinPath(folder, name, this.#separator) ? '' : path)
    const words = this.#words
    const at = this.#rows++ * ROW_WORDS
    words[at] = stats.mode
    words[at + 1] = stats.uid
    words[at + 2] = stats.gid
    words[at + 3] = stats.ino
    words[at + 4] = stats.dev
    words[at + 5] = stats.nlink
    words[at + 6] = stats.size
    words[at + 7] = stats.rdev
    words[at + 8] = stats.atimeNs
    words[at + 9] = stats.mtimeNs
    words[at + 10] = stats.ctimeNs
  }

  /** The batch. The writer is used up then. */
  finish(): WalkBatch {
    return {
      kinds: this.#kinds.subarray(0, this.#count),
      texts: this.#texts,
      words: this.#words.subarray(0, this.#rows * ROW_WORDS),
    }
  }
}

/** Takes the steps of a batch. */
export class WalkBatchReader {
  readonly #batch: WalkBatch
  readonly #separator: string
  #step = 0
  #text = 0
  #row = 0

  constructor(batch: WalkBatch, separator: string) {
    this.#batch = batch
    this.#separator = separator
  }

  /** The next step; undefined where there is none. @param folder - path of the folder that it is in */
  next(folder: string): WalkStep | undefined {
    const { kinds, texts, words } = this.#batch
    if (this.#step === kinds.length) return undefined
    const kind = KINDS[kinds[this.#step++] ?? 0] ?? 'leave'
    if (kind === 'leave') return { kind }
    const first = texts[this.#text++] ?? ''
    const second = texts[this.#text++] ?? ''
    if (kind === 'problem') return { kind, path: first, message: second }
    const path = second === '' ? joinPath(folder, first, this.#separator) : second
    const stats = new RowStats(words, this.#row++ * ROW_WORDS)
    if (kind === 'folder' || kind === 'leading') return { kind, name: first, path, stats }
    return { kind: 'entry', name: first, path, stats, explicit: kind === 'explicit entry' }
  }
}

/** What `lstat` gave for an entry of a batch. */
class RowStats implements EntryStats {
  readonly #words: BigInt64Array
  readonly #at: number

  constructor(words: BigInt64Array, at: number) {
    this.#words = words
    this.#at = at
  }

  get mode(): bigint {
    return this.#word(0)
  }

  get uid(): bigint {
    return this.#word(1)
  }

  get gid(): bigint {
    return this.#word(2)
  }

  get ino(): bigint {
    return this.#word(3)
  }

  get dev(): bigint {
    return this.#word(4)
  }

  get nlink(): bigint {
    return this.#word(5)
  }

  get size(): bigint {
    return this.#word(6)
  }

  get rdev(): bigint {
    return this.#word(7)
  }

  get atimeNs(): bigint {
    return this.#word(8)
  }

  get mtimeNs(): bigint {
    return this.#word(9)
  }

  get ctimeNs(): bigint {
    return this.#word(10)
  }

  isDirectory(): boolean {
    return (this.mode & TYPE_BITS) === FOLDER_TYPE
  }

  isFile(): boolean {
    return (this.mode & TYPE_BITS) === FILE_TYPE
  }

  #word(word: number): bigint {
    return this.#words[this.#at + word] ?? 0n
  }
}

function joinPath(folder: string, name: string, separator: string): string {
  return folder.endsWith(separator) ? folder + name : folder + separator + name
}
