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
  /** Whether volumes may be missing. Parts of a file some of which are missing are members of their own then, as other programs see them. */
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

/**
 * What a volume says of itself; undefined where another program wrote it. Only its beginning is read.
 * @throws ERR_VARVE_DAMAGED, ERR_VARVE_NOT_FOUND, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
 */
export async function readVolumeMark(path: string, signal: AbortSignal | undefined): Promise<VolumeMark | undefined> {
  const compression = await compressionOf(path)
  const bytes = new ByteReader(volumeStream(path, { compression, signal }), `the volume '${path}'`)
  const tar = new TarReader(bytes)
  try {
    await tar.next()
    return parseVolumeMark(tar.marks[0])
  } finally {
    await bytes.close()
  }
}

/** A file in parts, as far as it has been met. */
interface OpenFile {
  readonly found: FoundEntry
  readonly pieces: [MemberPiece, ...MemberPiece[]]
  /** What other programs see of it. */
  readonly parts: TarMember[]
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
    if (this.#open !== undefined) {
      this.#giveUp(`the rest of '${this.#open.found.entry.path}' is missing after the volume '${this.#lastPath}'`)
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
    const member: TarMember = { ...entry, pieces: [piece], sha256: undefined }
    const part = entry.type === 'file' ? parsePartMark(found.comment) : undefined
    const open = this.#open
    const isNext =
      part === undefined
        ? open === undefined
        : part.path === (open?.found.entry.path ?? part.path) &&
          part.number === (open?.pieces.length ?? 0) + 1 &&
          part.offset === (open?.size ?? 0)
    if (!isNext) {
      this.#giveUp(`a part of '${open?.found.entry.path ?? part?.path ?? ''}' is missing before the volume '${path}'`)
    }
    if (part === undefined || (!isNext && part.number !== 1)) this.#members.push(member)
    else this.#takePart(found, part, member, piece)
  }

  #takePart(found: FoundEntry, part: PartMark, member: TarMember, piece: MemberPiece): void {
    const open = this.#open ?? {
      found: { ...found, entry: { ...found.entry, path: part.path } },
      pieces: [piece],
      parts: [],
      size: 0,
    }
    if (this.#open !== undefined) open.pieces.push(piece)
    open.parts.push(member)
    open.size += piece.size
    this.#open = open
    if (!part.last) return
    this.#members.push({ ...open.found.entry, size: open.size, pieces: open.pieces, sha256: undefined })
    this.#open = undefined
  }

  /** A file is not all there: what is there of it are members as other programs see them. */
  #giveUp(message: string): void {
    if (this.#options.incomplete !== true) throw damaged(message)
    this.#members.push(...(this.#open?.parts ?? []))
    this.#open = undefined
  }
}

function damaged(message: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', message)
}
