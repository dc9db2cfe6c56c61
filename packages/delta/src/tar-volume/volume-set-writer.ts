import { createHash, type Hash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ByteReader } from './byte-reader.ts'
import type { Compression } from './compression.ts'
import { encodeEntry, encodeExtension, END_OF_ARCHIVE, type WritableEntry } from './entry-encoding.ts'
import { MemberPaths } from './member-paths.ts'
import { BLOCK, paddedSize } from './tar-header.ts'
import { VolumeFile } from './volume-file.ts'
import type { MemberPiece, TarMember, Volume, VolumeIndex } from './volume-index.ts'
import { type Content, PartWriter } from './part-writer.ts'
import { formatEndMark, formatVolumeMark } from './volume-marks.ts'
import { volumeName } from './volume-name.ts'

/** What becomes of a file that is larger than a volume: it has one of its own, as large as it needs, or is split over several. */
export type Oversized = 'own-volume' | 'split'

/** How volumes are written. */
export interface VolumeSetOptions {
  /** Where the volumes go. */
  readonly folder: string
  readonly key: string
  /** Bytes of tar in a volume at most, before compression. */
  readonly volumeSize: number
  readonly compression: Compression
  readonly oversized: Oversized
  /** Called with the path of each volume when it is whole. */
  readonly onVolume?: ((path: string) => Promise<void>) | undefined
  /** What is there already; new volumes are added to it. */
  readonly existing?: VolumeIndex | undefined
}

/** Least bytes of a volume: what every volume has, and a few blocks of content. */
export const LEAST_VOLUME_SIZE = 8 << 10

/** At the end of every volume, and room for the end mark of the last one. */
const TRAILER_BYTES = 2 * BLOCK + END_OF_ARCHIVE.length

/** Writes members into volumes, one after another, and knows where they are. */
export class VolumeSetWriter {
  readonly set: string
  readonly #options: VolumeSetOptions
  readonly #paths = new MemberPaths()
  readonly #volumes: Volume[]
  readonly #members: TarMember[]
  readonly #firstNumber: number
  #current: { readonly file: VolumeFile; readonly begin: number } | undefined

  constructor(options: VolumeSetOptions) {
    this.#options = options
    const { existing } = options
    this.set = existing?.set ?? randomBytes(16).toString('hex')
    this.#volumes = [...(existing?.volumes ?? [])]
    this.#members = [...(existing?.members ?? [])]
    this.#firstNumber = this.#volumes.length + 1
    for (const { path, type } of this.#members) this.#paths.add(path, type)
  }

  /** Number of the volume that is being written, or would be. */
  get number(): number {
    return this.#volumes.length + 1
  }

  /** Volumes that were finished. */
  get finished(): readonly Volume[] {
    return this.#volumes.slice(this.#firstNumber - 1)
  }

  /** Whether a member without content has room in the volume that is being written. */
  fits(entry: WritableEntry): boolean {
    return this.#current !== undefined && encodeEntry(entry).length <= this.#room()
  }

  /**
   * Makes sure that a member can be extracted together with the others. To be called before it is written.
   * @throws ERR_VARVE_UNSAFE_PATH
   */
  claim({ path, type }: WritableEntry): void {
    this.#paths.add(path, type)
  }

  /**
   * Writes a member.
   *
   * @param content - exactly `entry.size` bytes
   * @throws ERR_VARVE_STORAGE, and what `content` throws; the volume that is being written can then only be discarded
   */
  async write(entry: WritableEntry, content: Content): Promise<TarMember> {
    const header = encodeEntry(entry)
    const need = header.length + paddedSize(entry.size)
    const empty = this.#options.volumeSize - this.#volumeHeader(this.number).length - TRAILER_BYTES
    if (need > empty && this.#options.oversized === 'split' && entry.type === 'file') {
      return await this.#writeInParts(entry, content)
    }
    await this.#makeRoom(need)
    const hash = createHash('sha256')
    const piece = await this.#writePiece(header, entry.size, content, hash)
    return this.#remember({ ...entry, pieces: [piece], sha256: entry.type === 'file' ? hash.digest('hex') : undefined })
  }

  /** Begins a file that is written in parts, each in a volume of its own. */
  beginParts(entry: WritableEntry): PartWriter {
    const room = this.#options.volumeSize - this.#volumeHeader(this.number).length - TRAILER_BYTES
    return new PartWriter(entry, room, {
      write: async (header, size, content, hash) => {
        await this.#makeRoom(header.length + paddedSize(size))
        return await this.#writePiece(header, size, content, hash)
      },
      remember: (member) => this.#remember(member),
    })
  }

  /** Ends the last volume. @returns what lies where */
  async finish(): Promise<VolumeIndex> {
    // Also a set without any member has a volume: nothing else would say that it is there.
    if (this.#current === undefined) await this.#begin()
    await this.#end(true)
    return { set: this.set, volumes: this.#volumes, members: this.#members }
  }

  /** Removes the volume that is being written. */
  async discard(): Promise<void> {
    await this.#current?.file.discard()
    this.#current = undefined
  }

  async #writeInParts(entry: WritableEntry, content: Content): Promise<TarMember> {
    const parts = this.beginParts(entry)
    const bytes = new ByteReader(Readable.from(content), `the content of '${entry.path}'`)
    for (let left = entry.size; left > 0;) {
      const size = Math.min(left, parts.capacity)
      left -= size
      await parts.add(bytes.take(size), size, left === 0)
    }
    return parts.finish()
  }

  #remember(member: TarMember): TarMember {
    this.#members.push(member)
    return member
  }

  async #writePiece(header: Buffer, size: number, content: Content, hash: Hash): Promise<MemberPiece> {
    const { file } = this.#current ?? (await this.#begin())
    const offset = file.length
    await file.write(header)
    let written = 0
    for await (const bytes of content) {
      written += bytes.length
      if (written > size) break
      hash.update(bytes)
      await file.write(bytes)
    }
    if (written !== size) throw new Error(`a member was announced with ${size} bytes, but has others`)
    await file.write(Buffer.alloc(paddedSize(size) - size))
    return { volume: this.number, offset, size }
  }

  /** Ends the volume unless it has room for so many bytes, or nothing in it yet. */
  async #makeRoom(need: number): Promise<void> {
    if (this.#current === undefined) return
    if (need > this.#room() && this.#current.file.length > this.#current.begin) await this.#end(false)
  }

  #room(): number {
    return this.#options.volumeSize - (this.#current?.file.length ?? 0) - TRAILER_BYTES
  }

  async #begin(): Promise<{ readonly file: VolumeFile; readonly begin: number }> {
    const { folder, key, compression } = this.#options
    const file = await VolumeFile.begin(join(folder, volumeName(key, this.number, compression)), compression)
    const mark = this.#volumeHeader(this.number)
    this.#current = { file, begin: mark.length }
    await file.write(mark)
    return this.#current
  }

  async #end(last: boolean): Promise<void> {
    const { file } = this.#current ?? (await this.#begin())
    const { key, compression } = this.#options
    const number = this.number
    if (last) {
      const comment = formatEndMark({ volumes: number, members: this.#members.length })
      await file.write(encodeExtension('g', [['comment', comment]]))
    }
    await file.write(END_OF_ARCHIVE)
    const { size, sha256 } = await file.finish()
    this.#current = undefined
    const name = volumeName(key, number, compression)
    this.#volumes.push({ number, file: name, size, sha256 })
    await this.#options.onVolume?.(join(this.#options.folder, name))
  }

  #volumeHeader(number: number): Buffer {
    return encodeExtension('g', [['comment', formatVolumeMark({ set: this.set, number })]])
  }
}
