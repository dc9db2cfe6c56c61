import { lstatSync, readlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Problem } from '@varve/platform'
import { describeError, throwIfAborted, VarveError } from '@varve/platform/errors'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import { ProgressMeter } from '../directory-index/progress-meter.ts'
import { Spool } from '../spool/spool.ts'
import type { WritableEntry } from './entry-encoding.ts'
import { walk, type WalkedEntry } from './folder-walk.ts'
import type { Content } from './part-writer.ts'
import { SetPlace } from './set-place.ts'
import { fileMember, memberEntry, metadataOf, specialType } from './source-entry.ts'
import { SourceFile } from './source-file.ts'
import {
  assertVolumeSize,
  DEFAULT_VOLUME_SIZE,
  keyOf,
  type MemberMetadata,
  type NewMember,
  nameOf,
  prefixOf,
  relativeTo,
  type TarVolumeOptions,
  type TarVolumeResult,
} from './tar-volume-options.ts'
import { exactly, writeUnmeasured } from './stream-writing.ts'
import type { TarMember, VolumeIndex } from './volume-index.ts'
import { isSetFile } from './volume-name.ts'
import { VolumeSetWriter } from './volume-set-writer.ts'

/** Bytes of a stream that are kept in memory until its size is known: a tar says how long a member is before its content. */
const SPOOLED_IN_MEMORY = 1024 * 1024

/** Writes a set of volumes. Each is a whole tar; which member lies where stands in an index beside them. */
export class TarVolumeWriter {
  readonly #options: TarVolumeOptions
  readonly #prefix: string
  readonly #place: SetPlace
  readonly #set: VolumeSetWriter
  readonly #meter: ProgressMeter
  readonly #problems: Problem[] = []
  /** Files with several names, by device and inode. */
  readonly #linked = new Map<string, TarMember>()
  #state: 'open' | 'closed' | 'failed' = 'open'

  private constructor(options: TarVolumeOptions, place: SetPlace, existing: VolumeIndex | undefined) {
    const { volumeSize = DEFAULT_VOLUME_SIZE, compression = 'gzip', oversized = 'own-volume' } = options
    this.#options = options
    this.#place = place
    this.#prefix = prefixOf(options)
    this.#meter = new ProgressMeter('adding', options.onProgress)
    this.#set = new VolumeSetWriter({
      folder: place.writeFolder,
      key: place.key,
      volumeSize,
      compression,
      oversized,
      existing,
      onVolume: options.onVolume,
    })
  }

  /**
   * Begins a set of volumes.
   * @throws ERR_VARVE_BAD_ARGUMENT, ERR_VARVE_STORAGE; ERR_VARVE_EXISTS where a set of this key is there and not to be replaced
   */
  static async create(options: TarVolumeOptions): Promise<TarVolumeWriter> {
    assertVolumeSize(options.volumeSize)
    const place = await SetPlace.prepare(options.folder, keyOf(options), options.replace === true)
    return new TarVolumeWriter(options, place, undefined)
  }

  /**
   * Goes on with a set of volumes that is closed: what is added goes into new volumes. The set is as it was until `close`.
   * @param existing - what is there
   * @throws ERR_VARVE_BAD_ARGUMENT; ERR_VARVE_UNSUPPORTED where other programs wrote it
   */
  static append(options: TarVolumeOptions, existing: VolumeIndex): TarVolumeWriter {
    assertVolumeSize(options.volumeSize)
    if (existing.set === undefined) {
      throw new VarveError('ERR_VARVE_UNSUPPORTED', `the volumes of '${keyOf(options)}' were not written by Varve`, {
        hint: 'only its own sets can be added to; make a new one',
      })
    }
    return new TarVolumeWriter(options, SetPlace.of(options.folder, keyOf(options)), existing)
  }

  /** Adds the whole of `root`, and closes the set. @throws as `add` and `close` */
  async compress(): Promise<TarVolumeResult> {
    await this.add('.')
    return await this.close()
  }

  /**
   * Adds a file, symbolic link or folder of `root`.
   *
   * @param path - relative to `root`, or an absolute one inside it
   * @param options - `recursive`: whether to add what is in a folder, too (the default)
   * @throws ERR_VARVE_BAD_ARGUMENT where it lies outside `root`, ERR_VARVE_SOURCE where it cannot be read, ERR_VARVE_UNSAFE_PATH where it was added
   *   before, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
   */
  async add(path: string, { recursive = true }: { readonly recursive?: boolean } = {}): Promise<void> {
    this.#assertOpen()
    const root = this.#root()
    const inside = relativeTo(root, path)
    const name = [this.#prefix, inside].filter((part) => part !== '').join('/')
    const own = lstatSync(toFsPath(this.#place.folder), { bigint: true })
    const entries = walk(inside === '' ? root : `${root}/${inside}`, {
      onProblem: (problem) => this.#problem(problem),
      isLeftOut: (entry, folder) => {
        const entryPath = inside === '' ? entry.path : `${inside}/${entry.path}`
        // The volumes may be written below the folder that goes into them.
        const isOwn = folder.stats.dev === own.dev && folder.stats.ino === own.ino
        if (isOwn && isSetFile(nameOf(entry.location), this.#place.key)) return true
        if (entry.location === this.#place.writeFolder) return true
        return this.#options.exclude?.(entryPath, entry.stats.isDirectory()) === true
      },
    })
    for (const entry of entries) {
      throwIfAborted(this.#options.signal)
      await this.#addEntry(entry, [name, entry.path].filter((part) => part !== '').join('/'))
      if (!recursive) break
    }
  }

  /**
   * Adds a member of any type, with metadata that the caller knows.
   *
   * @param member - its path is below the prefix, as those of files are
   * @param content - exactly `size` bytes of a file
   * @throws as `add`, and what `content` throws; the set can then only be discarded
   */
  async addMember(member: NewMember, content: Content = []): Promise<TarMember> {
    this.#assertOpen()
    const entry = memberEntry(member, this.#prefix)
    this.#set.claim(entry)
    return await this.#write(entry, content)
  }

  /** Adds a file with this content. @throws as `add` */
  async addBuffer(name: string, bytes: Uint8Array, metadata: MemberMetadata = {}): Promise<void> {
    await this.addMember({ ...fileMember(name, metadata), size: bytes.length }, [bytes])
  }

  /**
   * Adds a file with the content of a stream.
   *
   * A tar says how long a file is before its content. Where `size` is not given, the stream goes through a temporary file beside the volumes: as much of it
   * as a volume holds where files are split, and all of it where they are not.
   *
   * @throws as `add`; ERR_VARVE_BAD_ARGUMENT where the stream does not have the announced size: the set can then only be discarded
   */
  async addStream(
    name: string,
    stream: AsyncIterable<Uint8Array>,
    { size, ...metadata }: MemberMetadata & { readonly size?: number | undefined } = {},
  ): Promise<void> {
    const member = fileMember(name, metadata)
    if (size !== undefined) {
      await this.addMember({ ...member, size }, exactly(stream, size, name))
      return
    }
    this.#assertOpen()
    const entry = memberEntry(member, this.#prefix)
    this.#set.claim(entry)
    const { oversized, signal } = this.#options
    // Beside the volumes, where there is room for as much.
    const spool = new Spool({
      folder: this.#place.writeFolder,
      name: `${this.#place.key}.spool`,
      inMemory: SPOOLED_IN_MEMORY,
    })
    const counted = (content: Content): Content => this.#counted(entry.path, content)
    await this.#guard(() =>
      writeUnmeasured(this.#set, entry, stream, { spool, split: oversized === 'split', counted, signal }),
    )
    this.#meter.filesDone++
  }

  /**
   * Ends the last volume and writes the index: from then on the set is whole.
   * @throws ERR_VARVE_STORAGE
   */
  async close(): Promise<TarVolumeResult> {
    this.#assertOpen()
    return await this.#guard(async () => {
      const index = await this.#set.finish()
      const indexPath = await this.#place.settle(index)
      this.#state = 'closed'
      this.#meter.finish()
      const volumes = this.#set.finished.map(({ file }) => join(this.#place.folder, file))
      return { volumes, index: indexPath, members: index.members, problems: this.#problems }
    })
  }

  /** Gives up: removes the volumes that were written. What was there before stays. Idempotent; does nothing to a set that is closed. */
  async discard(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'failed'
    await this.#set.discard()
    await this.#place.clean(this.#set.finished.map(({ file }) => file))
  }

  async #addEntry({ location, stats }: WalkedEntry, path: string): Promise<void> {
    const entry: WritableEntry = { ...metadataOf(stats), path, type: 'dir', size: 0, linkTarget: '' }
    if (stats.isDirectory()) await this.#claimAndWrite(entry)
    else if (stats.isSymbolicLink()) await this.#addLink(location, { ...entry, type: 'symlink' })
    else if (stats.isFile()) await this.#addFile(location, stats.nlink > 1n, { ...entry, type: 'file' })
    else {
      const type = specialType(stats)
      if (type === undefined)
        this.#problem({ path: location, message: 'it is a socket, or of a type that is not known' })
      else if (type === 'fifo') await this.#claimAndWrite({ ...entry, type })
      else await this.#claimAndWrite({ ...entry, type, device: stats.rdev })
    }
  }

  async #addLink(location: string, entry: WritableEntry): Promise<void> {
    let target
    try {
      target = nameFromBytes(readlinkSync(toFsPath(location), { encoding: 'buffer' }))
    } catch (error) {
      this.#problem({ path: location, message: describeError(error) })
      return
    }
    await this.#claimAndWrite({ ...entry, linkTarget: target })
  }

  async #addFile(location: string, hasOtherNames: boolean, entry: WritableEntry): Promise<void> {
    let file
    try {
      file = await SourceFile.open(location)
    } catch (error) {
      this.#problem({ path: location, message: describeError(error) })
      return
    }
    if (file === undefined) {
      this.#problem({ path: location, message: 'it was replaced by something else while it was added' })
      return
    }
    try {
      const inode = `${file.stats.dev}:${file.stats.ino}`
      const first = hasOtherNames ? this.#linkable(inode, entry) : undefined
      if (first !== undefined) {
        await this.#claimAndWrite({ ...entry, type: 'hardlink', linkTarget: first.path })
        return
      }
      const opened = { ...entry, ...metadataOf(file.stats), size: Number(file.stats.size) }
      this.#set.claim(opened)
      const member = await this.#write(opened, file.content())
      if (hasOtherNames) this.#linked.set(inode, member)
      const change = await file.change()
      if (change !== undefined) this.#problem({ path: location, message: change })
    } finally {
      await file.close()
    }
  }

  /**
   * The member that another name of a file can be a hard link to: each volume can be extracted alone, so the two must lie in the same one. Otherwise the
   * content is written again.
   */
  #linkable(inode: string, entry: WritableEntry): TarMember | undefined {
    const first = this.#linked.get(inode)
    const here = first?.pieces.length === 1 && first.pieces[0].volume === this.#set.number
    return here && this.#set.fits({ ...entry, type: 'hardlink', linkTarget: first.path }) ? first : undefined
  }

  async #claimAndWrite(entry: WritableEntry): Promise<void> {
    this.#set.claim(entry)
    await this.#write(entry, [])
  }

  async #write(entry: WritableEntry, content: Content): Promise<TarMember> {
    this.#assertOpen()
    const member = await this.#guard(() => this.#set.write(entry, this.#counted(entry.path, content)))
    if (entry.type === 'file') this.#meter.filesDone++
    return member
  }

  async *#counted(path: string, content: Content): AsyncGenerator<Uint8Array, void> {
    for await (const bytes of content) {
      throwIfAborted(this.#options.signal)
      this.#meter.bytesDone += bytes.length
      this.#meter.tick(path)
      yield bytes
    }
  }

  /** What fails in the middle of a volume leaves one that is good for nothing. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    this.#assertOpen()
    try {
      return await work()
    } catch (error) {
      await this.discard()
      throw error
    }
  }

  #problem(problem: Problem): void {
    this.#problems.push(problem)
    this.#meter.errors++
    this.#options.onProblem?.(problem)
  }

  #root(): string {
    if (this.#options.root !== undefined) return resolve(this.#options.root)
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', 'no folder was named whose files could be added')
  }

  #assertOpen(): void {
    if (this.#state === 'open') return
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `the volumes of '${this.#place.key}' are ${this.#state} already`)
  }
}
