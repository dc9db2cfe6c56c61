import { createHash } from 'node:crypto'
import { nameToBytes } from '@varve/platform/file-name'
import type { TrackedState } from './increment.ts'

/** Characters that are hashed at once. */
const PIECE = 64 * 1024

/** Hashes lists of paths and states in one form, whatever they were read from. */
export class CanonicalHash {
  readonly #hash = createHash('sha256')
  #text = ''

  /** Takes the next record: fields without NUL, which end with one, and so cannot be taken for each other. */
  add(fields: readonly string[]): void {
    const record = `${fields.join('\0')}\0\n`
    if (record.isWellFormed()) {
      this.#text += record
      if (this.#text.length > PIECE) this.#flush()
      return
    }
    this.#flush()
    this.#hash.update(nameToBytes(record))
  }

  /** The hash as 64 hexadecimal digits. Nothing can be added afterwards. */
  finish(): string {
    this.#flush()
    return this.#hash.digest('hex')
  }

  #flush(): void {
    this.#hash.update(this.#text)
    this.#text = ''
  }
}

/** A state as fields of {@link CanonicalHash}. Their number follows from the first. */
export function canonicalState(state: TrackedState): readonly string[] {
  const common = [state.type, state.mode.toString(8), String(state.mtime)]
  if (state.type === 'file') return [...common, String(state.size), state.hash]
  return state.type === 'symlink' ? [...common, state.target] : common
}
