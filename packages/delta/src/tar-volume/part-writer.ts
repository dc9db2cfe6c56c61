import { createHash, type Hash } from 'node:crypto'
import { encodeEntry, type WritableEntry } from './entry-encoding.ts'
import { BLOCK } from './tar-header.ts'
import type { MemberPiece, TarMember } from './volume-index.ts'
import { formatPartMark, partPath } from './volume-marks.ts'

/** The content of a member, as it comes. */
export type Content = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Where parts go. */
export interface PartTarget {
  readonly write: (header: Buffer, size: number, content: Content, hash: Hash) => Promise<MemberPiece>
  readonly remember: (member: TarMember) => TarMember
}

/**
 * Writes a file in parts. Each is a whole member of its volume, so that any program can list and extract every volume alone: GNU's own way to go on
 * with a file in another volume (`tar -M`) leaves volumes that are no whole archives, and cannot be compressed.
 */
export class PartWriter {
  readonly #entry: WritableEntry
  readonly #target: PartTarget
  readonly #hash = createHash('sha256')
  readonly #pieces: MemberPiece[] = []
  #size = 0
  /** Bytes of content that a part can have. */
  readonly capacity: number

  /** @param room - bytes of tar that a volume has for a part */
  constructor(entry: WritableEntry, room: number, target: PartTarget) {
    this.#entry = entry
    this.#target = target
    // With the longest header that a part can have.
    const { length } = this.#header(999_999_999, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, true)
    this.capacity = Math.max(BLOCK, Math.floor((room - length) / BLOCK) * BLOCK)
  }

  /**
   * Writes the next part.
   * @param content - exactly `size` bytes
   */
  async add(content: Content, size: number, last: boolean): Promise<void> {
    const header = this.#header(this.#pieces.length + 1, this.#size, size, last)
    this.#pieces.push(await this.#target.write(header, size, content, this.#hash))
    this.#size += size
  }

  /** Ends the file after its last part. */
  finish(): TarMember {
    const [first, ...more] = this.#pieces
    if (first === undefined) throw new Error('a file was written in no parts')
    const pieces = [first, ...more] as const
    return this.#target.remember({ ...this.#entry, size: this.#size, pieces, sha256: this.#hash.digest('hex') })
  }

  #header(number: number, offset: number, size: number, last: boolean): Buffer {
    const { path } = this.#entry
    return encodeEntry(
      { ...this.#entry, path: partPath(path, number), size },
      formatPartMark({ path, number, offset, last }),
    )
  }
}
