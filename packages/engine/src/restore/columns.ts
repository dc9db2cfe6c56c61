import { VarveError } from '@varve/platform/errors'

/**
 * Memory for a column, by the column's name and the bytes of each of its elements.
 * @param isWritten - whether threads write to it, so that it has to stay where it is
 */
export type ColumnMemory = (name: string, bytesEach: number, isWritten?: boolean) => SharedArrayBuffer

/** Elements that a column has at most that has to stay where it is. Address space is set aside for all of them. */
const MOST_ELEMENTS = 2 ** 28

/** Bytes of address space that are set aside for any other one, and how many times as much as it has for one that needs more. */
const USUAL_RESERVE = 64 * 1024 * 1024
const LARGER_RESERVE = 4

/**
 * Memory of columns that threads share while it grows. Whoever has columns in it keeps what they had, and sees what others write to them. Memory
 * is taken only for the elements that there are; address space is set aside for more, so that a column seldom has to move.
 *
 * Columns are to be made with the length that they have: those that follow the memory's length are many times slower.
 */
export class GrowingMemory {
  readonly #buffers = new Map<string, SharedArrayBuffer>()

  /**
   * Memory for so many elements, with those in it that there were.
   * @throws ERR_VARVE_BAD_ARGUMENT where there may not be as many
   */
  grow(capacity: number): ColumnMemory {
    return (name, bytesEach, isWritten = false) => {
      const present = this.#buffers.get(name)
      const bytes = capacity * bytesEach
      if (present !== undefined && bytes <= present.maxByteLength) {
        present.grow(bytes)
        return present
      }
      if (isWritten && capacity > MOST_ELEMENTS) throw tooMany()
      const most = isWritten ? MOST_ELEMENTS * bytesEach : Math.max(USUAL_RESERVE, bytes * LARGER_RESERVE)
      const buffer = new SharedArrayBuffer(bytes, { maxByteLength: most })
      if (present !== undefined) new Uint8Array(buffer, 0, present.byteLength).set(new Uint8Array(present))
      this.#buffers.set(name, buffer)
      return buffer
    }
  }
}

function tooMany(): VarveError {
  return new VarveError('ERR_VARVE_BAD_ARGUMENT', `a restore cannot have more than ${MOST_ELEMENTS} entries`, {
    hint: 'restore it in several steps, with includes or excludes',
  })
}
