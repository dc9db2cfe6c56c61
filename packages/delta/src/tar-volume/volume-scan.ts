import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { ByteReader } from './byte-reader.ts'
import { type FoundEntry, TarReader } from './tar-reader.ts'
import type { MemberPiece, TarMember, Volume, VolumeIndex } from './volume-index.ts'
import {
  type EndMark,
  parseEndMark,
  parsePartMark,
  parseVolumeMark,
  type PartMark,
  type VolumeMark,
} from './volume-marks.ts'
import { compressionOf, volumeStream } from './volume-stream.ts'

/** What may follow the end of an archive: programs fill their last record up. */
export const MOST_PADDING = 1 << 20

/** A volume's file, and its number. */
export interface VolumePath {
  readonly path: string
  readonly number: number
}

/** How volumes are scanned. */
export interface ScanOptions {
  /** Bytes of content that the members may have together. */
  readonly maxBytes?: number | undefined
  /** Whether the last volumes may be missing, as when the set was never closed. */
  readonly incomplete?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes the index of volumes by reading all of them.
 *
 * @param paths - in the order of their numbers
 * @throws ERR_VARVE_DAMAGED for a volume that is truncated, damaged or of another set; ERR_VARVE_NOT_FOUND for one that is missing;
 *   ERR_VARVE_TOO_LARGE, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
 */
export async function scanVolumes(paths: readonly VolumePath[], options: ScanOptions): Promise<VolumeIndex> {
  const scan = new VolumeScan(options)
  for (const path of paths) await scan.read(path)
  return scan.finish()
}

interface OpenFile {
  readonly found: FoundEntry
  readonly pieces: [MemberPiece, ...MemberPiece[]]
  size: number
}

class VolumeScan {
  readonly #options: ScanOptions
  readonly #volumes: Volume[] = []
  readonly #marks: (VolumeMark | undefined)[] = []
  readonly #members: TarMember[] = []
  #lastPath = ''
  #end: EndMark | undefined
  /** The file whose next part is awaited. */
  #open: OpenFile | undefined
  #bytes = 0

  constructor(options: ScanOptions) {
    this.#options = options
  }

  async read({ path, number }: VolumePath): Promise<void> {
    const { signal } = this.#options
    const compression = await compressionOf(path)
    const bytes = new ByteReader(volumeStream(path, { compression, signal }), `the volume '${path}'`)
    const tar = new TarReader(bytes)
    try {
      for (let found = await tar.next(); found !== undefined; found = await tar.next()) {
        this.#measure(found, path)
        this.#take(found, number, path)
        await tar.pass(found)
      }
      await bytes.drain(MOST_PADDING)
    } finally {
      await bytes.close()
    }
    const marks = tar.marks.map((comment) => parseVolumeMark(comment)).filter((mark) => mark !== undefined)
    this.#marks.push(this.#checkedMark(marks[0], number, path))
    this.#end = tar.marks.map((comment) => parseEndMark(comment)).find((mark) => mark !== undefined)
    const { size } = await stat(toFsPath(path))
    this.#volumes.push({ number, file: basename(path), size, sha256: undefined })
    this.#lastPath = path
  }

  finish(): VolumeIndex {
    const set = this.#marks[0]?.set
    if (set !== undefined && this.#options.incomplete !== true) this.#assertClosed()
    if (this.#open !== undefined && this.#options.incomplete !== true) {
      throw damaged(`the rest of '${this.#open.found.entry.path}' is missing after the volume '${this.#lastPath}'`)
    }
    return { set, volumes: this.#volumes, members: this.#members }
  }

  #assertClosed(): void {
    if (this.#end?.volumes === this.#volumes.length && this.#end.members === this.#members.length) return
    throw new VarveError(
      'ERR_VARVE_NOT_FOUND',
      `a volume after '${this.#lastPath}' is missing, or the set was never closed`,
      {
        hint: 'what is there can be opened as an incomplete set',
      },
    )
  }

  /** Volumes are all of one set, or all of another program's making. */
  #checkedMark(mark: VolumeMark | undefined, number: number, path: string): VolumeMark | undefined {
    if (this.#volumes.length > 0 && mark?.set !== this.#marks[0]?.set) {
      throw damaged(`the volume '${path}' does not belong to the set of '${this.#lastPath}'`)
    }
    if (mark !== undefined && mark.number !== number) {
      throw damaged(`the volume '${path}' is volume ${mark.number} of its set, not ${number}`)
    }
    return mark
  }

  #measure({ entry }: FoundEntry, path: string): void {
    this.#bytes += entry.size
    const { maxBytes = Infinity } = this.#options
    if (this.#bytes <= maxBytes) return
    throw new VarveError(
      'ERR_VARVE_TOO_LARGE',
      `the members up to '${entry.path}' in '${path}' have more than ${maxBytes} bytes`,
    )
  }

  #take(found: FoundEntry, volume: number, path: string): void {
    const { entry, offset } = found
    const piece = { volume, offset, size: entry.size }
    const part = entry.type === 'file' ? parsePartMark(found.comment) : undefined
    if (part !== undefined) this.#takePart(found, part, piece, path)
    else if (this.#open !== undefined) this.#missingPart(path)
    else this.#members.push({ ...entry, pieces: [piece], sha256: undefined })
  }

  #takePart(found: FoundEntry, part: PartMark, piece: MemberPiece, path: string): void {
    if (part.number === 1 && this.#open === undefined && part.offset === 0) {
      this.#open = {
        found: { ...found, entry: { ...found.entry, path: part.path } },
        pieces: [piece],
        size: piece.size,
      }
    } else {
      const open = this.#open
      const isNext = open?.found.entry.path === part.path && open.pieces.length + 1 === part.number
      if (!isNext || open.size !== part.offset) this.#missingPart(path)
      open.pieces.push(piece)
      open.size += piece.size
    }
    if (!part.last || this.#open === undefined) return
    const { found: first, pieces, size } = this.#open
    this.#members.push({ ...first.entry, size, pieces, sha256: undefined })
    this.#open = undefined
  }

  #missingPart(path: string): never {
    const name = this.#open === undefined ? 'a file' : `'${this.#open.found.entry.path}'`
    throw damaged(`a part of ${name} is missing before the volume '${path}'`)
  }
}

function damaged(message: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', message)
}
