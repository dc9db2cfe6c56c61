import type { KnownBlobs } from '../repository/blob-verifying.ts'
import type { PackedBlob } from '../repository/blob.ts'
import type { PlannedPieces } from './planned-pieces.ts'

/** The blobs that pieces of a plan consist of. Several pieces may be of one blob. */
export class PieceBlobs implements KnownBlobs {
  readonly #pieces: PlannedPieces
  readonly #numbers: Uint32Array
  /** Where in the numbers the pieces of each blob begin and end. */
  readonly #starts: number[] = []
  readonly #ends: number[] = []

  /**
   * @param numbers - of the pieces, in the order in which they lie in their pack
   * @param isWanted - whether a piece is any use: blobs of which none is are left out
   */
  constructor(pieces: PlannedPieces, numbers: Uint32Array, isWanted: (piece: number) => boolean) {
    this.#pieces = pieces
    this.#numbers = numbers
    for (let start = 0, end = 0; start < numbers.length; start = end) {
      let any = false
      // Different blobs at one place are for opening to refuse.
      for (; end < numbers.length && pieces.areSameBlob(numbers[start] ?? 0, numbers[end] ?? 0); end++) {
        any ||= isWanted(numbers[end] ?? 0)
      }
      if (!any) continue
      this.#starts.push(start)
      this.#ends.push(end)
    }
  }

  get count(): number {
    return this.#starts.length
  }

  /** Numbers of the pieces of a blob. */
  pieces(at: number): Uint32Array {
    return this.#numbers.subarray(this.#starts[at], this.#ends[at])
  }

  offset(at: number): number {
    return this.#pieces.packOffset(this.#first(at))
  }

  length(at: number): number {
    return this.#pieces.packedLength(this.#first(at))
  }

  uncompressedLength(at: number): number {
    return this.#pieces.uncompressedLength(this.#first(at))
  }

  hasId(at: number, id: string): boolean {
    return this.#pieces.hasId(this.#first(at), id)
  }

  blob(at: number): PackedBlob {
    return {
      type: 'data',
      id: this.#pieces.id(this.#first(at)),
      offset: this.offset(at),
      length: this.length(at),
      uncompressedLength: this.uncompressedLength(at),
    }
  }

  #first(at: number): number {
    return this.#numbers[this.#starts[at] ?? 0] ?? 0
  }
}
