import { createHash } from 'node:crypto'
import { ByteWriter } from './byte-writer.ts'
import { encodeState } from './entry-encoding.ts'
import type { EntryState } from './entry.ts'

/**
 * The hash of a whole directory: SHA-256 over the paths and states of all entries in their order. Two directories have the same one when names,
 * contents, kinds, permissions and times of all their entries are the same, wherever they lie.
 */
export class StateHash {
  readonly #hash = createHash('sha256')
  readonly #writer = new ByteWriter()

  /** Takes the next entry, in the order of {@link comparePaths}. */
  add(path: string, state: EntryState): void {
    this.#writer.clear()
    this.#writer.path(path)
    encodeState(this.#writer, state)
    this.#hash.update(this.#writer.bytes)
  }

  /** The hash as 64 hexadecimal digits. Nothing can be added afterwards. */
  finish(): string {
    return this.#hash.digest('hex')
  }
}
