import { createHash } from 'node:crypto'
import { basename, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { VarveError } from '@varve/platform/errors'
import { ByteReader } from './byte-reader.ts'
import { assertContent, Extraction, type ExtractOptions, type ExtractResult, type VisitVolume } from './extraction.ts'
import { linkedFile, planExtraction } from './extraction-plan.ts'
import { type FoundEntry, TarReader } from './tar-reader.ts'
import { findVolumes } from './volume-discovery.ts'
import type { MemberPiece, TarMember, Volume, VolumeIndex } from './volume-index.ts'
import { readVolumeIndex } from './volume-index-file.ts'
import { parsePartMark, parseVolumeMark, type VolumeMark } from './volume-marks.ts'
import { assertKey, indexName } from './volume-name.ts'
import { MOST_PADDING, readVolumeMark, type ScanOptions, scanVolumes, type VolumePath } from './volume-scan.ts'
import { compressionOf, volumeStream } from './volume-stream.ts'

/** Which volumes to open: those of a key in a folder, or files by their names. */
export type VolumeChoice =
  | {
      readonly folder: string
      readonly key: string
      /** The index's path, where it is elsewhere; `false` to read the volumes instead. */
      readonly index?: string | false | undefined
    }
  | {
      /** In their order; any program may have written them. */
      readonly volumes: readonly string[]
    }

/** Reads a set of volumes. Volumes are opened when something of theirs is wanted; the others may be missing. */
export class TarVolumeReader {
  readonly #folder: string
  readonly #index: VolumeIndex
  /** Paths of volumes that lie elsewhere than the index. */
  readonly #paths: ReadonlyMap<number, string>
  readonly #volumes: ReadonlyMap<number, Volume>
  readonly #byPath = new Map<string, TarMember | 'several'>()
  readonly #byPlace = new Map<number, Map<number, TarMember>>()
  /** Volumes that were found to belong to the set. */
  readonly #known = new Set<number>()

  private constructor(folder: string, index: VolumeIndex, paths: ReadonlyMap<number, string>) {
    this.#folder = folder
    this.#index = index
    this.#paths = paths
    this.#volumes = new Map(index.volumes.map((volume) => [volume.number, volume]))
    for (const member of index.members) {
      this.#byPath.set(member.path, this.#byPath.has(member.path) ? 'several' : member)
    }
  }

  /**
   * Opens a set of volumes: by its index where there is one, otherwise by reading all volumes.
   * @throws ERR_VARVE_NOT_FOUND where there is none, or volumes are missing and there is no index; ERR_VARVE_DAMAGED for volumes or an index that are
   *   truncated, damaged or of another set; ERR_VARVE_BAD_ARGUMENT, ERR_VARVE_FORMAT, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
   */
  static async open(choice: VolumeChoice, options: ScanOptions = {}): Promise<TarVolumeReader> {
    if ('volumes' in choice) {
      const paths: VolumePath[] = []
      for (const [i, path] of choice.volumes.entries()) {
        const mark = await readVolumeMark(resolve(path), options.signal)
        paths.push({ path: resolve(path), number: mark?.number ?? i + 1 })
      }
      const index = await scanVolumes(paths, options)
      return new TarVolumeReader('', index, new Map(paths.map(({ path, number }) => [number, path])))
    }
    const { folder, key, index: given } = choice
    assertKey(key)
    const path = given === undefined || given === false ? join(folder, indexName(key)) : given
    const index = given === false ? undefined : await readVolumeIndex(path)
    if (index === undefined && typeof given === 'string') {
      throw new VarveError('ERR_VARVE_NOT_FOUND', `there is no volume index '${given}'`)
    }
    return new TarVolumeReader(
      resolve(folder),
      index ?? (await scanVolumes(await findVolumes(folder, key), options)),
      new Map(),
    )
  }

  /** What lies where. */
  get index(): VolumeIndex {
    return this.#index
  }

  /** All members, in the order in which they were added. */
  members(): readonly TarMember[] {
    return this.#index.members
  }

  /**
   * A member by its path.
   * @throws ERR_VARVE_PATH_NOT_FOUND, ERR_VARVE_UNSAFE_PATH where there are several
   */
  member(path: string): TarMember {
    const member = this.#byPath.get(path.replace(/\/+$/, ''))
    if (member === undefined) throw new VarveError('ERR_VARVE_PATH_NOT_FOUND', `there is no member '${path}'`)
    if (member === 'several') throw new VarveError('ERR_VARVE_UNSAFE_PATH', `the member '${path}' is there twice`)
    return member
  }

  /**
   * The content of a file. Only its volume is read, or its volumes where it was split. What comes out is verified when the stream ends: one that ends in
   * an error must not be used.
   *
   * @throws ERR_VARVE_PATH_NOT_FOUND; ERR_VARVE_BAD_ARGUMENT where it is no file
   */
  extractFile(path: string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Readable {
    const member = this.member(path)
    const file = member.type === 'hardlink' ? linkedFile(member, (target) => this.#find(target)) : member
    if (file.type !== 'file') throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `the member '${path}' is no file`)
    return Readable.from(this.#content(file, signal), { objectMode: false })
  }

  /**
   * Extracts members, and all below them where they are folders, to their paths below `target`: all of them, or nothing where that is refused or fails.
   *
   * @param paths - of one member, or of several
   * @throws as {@link extractAll}; ERR_VARVE_PATH_NOT_FOUND
   */
  async extract(
    paths: string | readonly string[],
    target: string,
    options: ExtractOptions = {},
  ): Promise<ExtractResult> {
    const chosen = new Set<TarMember>()
    for (const path of typeof paths === 'string' ? [paths] : paths) {
      const wanted = path.replace(/\/+$/, '')
      const found = this.#index.members.filter(
        (member) => wanted === '' || member.path === wanted || member.path.startsWith(`${wanted}/`),
      )
      if (found.length === 0) throw new VarveError('ERR_VARVE_PATH_NOT_FOUND', `there is no member '${path}'`)
      for (const member of found) chosen.add(member)
    }
    return await this.#extract([...chosen], target, options)
  }

  /**
   * Extracts all members below `target`: all of them, or nothing where that is refused or fails.
   * @throws ERR_VARVE_UNSAFE_PATH for paths and links that lead out of the target, and members that are there twice; ERR_VARVE_UNSUPPORTED for sparse
   *   files; ERR_VARVE_NOT_FOUND and ERR_VARVE_DAMAGED for volumes; ERR_VARVE_EXISTS, ERR_VARVE_TARGET, ERR_VARVE_TOO_LARGE, ERR_VARVE_STORAGE,
   *   ERR_VARVE_ABORTED
   */
  async extractAll(target: string, options: ExtractOptions = {}): Promise<ExtractResult> {
    return await this.#extract(this.#index.members, target, options)
  }

  async #extract(members: readonly TarMember[], target: string, options: ExtractOptions): Promise<ExtractResult> {
    const plan = planExtraction(members, (path) => this.#find(path))
    const volumes = new Set(plan.files.flatMap(({ content }) => content.pieces.map(({ volume }) => volume)))
    // What is missing is better known before anything is written.
    for (const number of volumes) await compressionOf(this.#path(number))
    const toEnd = members === this.#index.members
    const visit: VisitVolume = (number, last, isWanted, take) =>
      this.#visit(number, toEnd ? Infinity : last, isWanted, take, options.signal)
    return await Extraction.run(plan, target, visit, options)
  }

  /** Reads a volume up to the member at `last`, and to its end where that verifies something. */
  async #visit(
    number: number,
    last: number,
    isWanted: (offset: number) => boolean,
    take: (offset: number, content: AsyncIterable<Buffer>) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const path = this.#path(number)
    const hash = createHash('sha256')
    const compression = await compressionOf(path)
    const bytes = new ByteReader(volumeStream(path, { compression, hash, signal }), `the volume '${path}'`)
    const tar = new TarReader(bytes)
    try {
      for (let found = await tar.next(); found !== undefined; found = await tar.next()) {
        this.#assertMark(parseVolumeMark(tar.marks[0]), number)
        if (!isWanted(found.offset)) {
          await tar.pass(found)
          continue
        }
        const member = this.#membersAt(number).get(found.offset)
        if (member === undefined) throw new Error('a member is wanted that the index does not have')
        this.#assertFound(member, found, number)
        await take(found.offset, tar.content(found))
        // Only at its end does a compressed volume say whether it is sound, where the index does not know.
        if (found.offset >= last && member.sha256 !== undefined) return
      }
      await bytes.drain(MOST_PADDING)
    } finally {
      await bytes.close()
    }
    const { sha256 } = this.#volume(number)
    if (sha256 !== undefined && sha256 !== hash.digest('hex')) {
      throw new VarveError('ERR_VARVE_DAMAGED', `the volume '${path}' is not what was written`)
    }
  }

  async *#content(member: TarMember, signal: AbortSignal | undefined): AsyncGenerator<Buffer, void> {
    const hash = createHash('sha256')
    for (const piece of member.pieces) {
      for await (const bytes of this.#pieceContent(member, piece, signal)) {
        hash.update(bytes)
        yield bytes
      }
    }
    assertContent(member, hash)
  }

  async *#pieceContent(
    member: TarMember,
    { volume, offset }: MemberPiece,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Buffer, void> {
    const path = this.#path(volume)
    await this.#assertKnown(volume)
    const compression = await compressionOf(path)
    const start = compression === 'none' ? offset : 0
    const stream = volumeStream(path, { compression, start, signal })
    const bytes = new ByteReader(stream, `the volume '${path}'`, start)
    const tar = new TarReader(bytes)
    try {
      await bytes.skip(offset - start)
      const found = await tar.next()
      if (found === undefined) throw this.#notThere(member, volume)
      this.#assertFound(member, found, volume)
      yield* tar.content(found)
      // Only at its end does a compressed volume say whether it is sound.
      if (member.sha256 === undefined) while ((await bytes.some(1 << 20)) !== undefined) continue
    } finally {
      await bytes.close()
    }
  }

  /** Makes sure that a volume is the one that it was, before something in its middle is read. */
  async #assertKnown(number: number): Promise<void> {
    if (this.#known.has(number) || this.#index.set === undefined) return
    this.#assertMark(await readVolumeMark(this.#path(number), undefined), number)
  }

  #assertMark(mark: VolumeMark | undefined, number: number): void {
    const { set } = this.#index
    if (set === undefined || this.#known.has(number)) return
    if (mark?.set === set && mark.number === number) {
      this.#known.add(number)
      return
    }
    const message =
      mark?.set === set
        ? `the volume '${this.#path(number)}' is volume ${mark.number} of its set, not ${number}`
        : `the volume '${this.#path(number)}' does not belong to this set`
    throw new VarveError('ERR_VARVE_DAMAGED', message)
  }

  /** A volume must say of a member what the index says. */
  #assertFound(member: TarMember, { entry, offset, comment }: FoundEntry, number: number): void {
    const piece = member.pieces.find(({ volume, offset: at }) => volume === number && at === offset)
    const path = member.pieces.length > 1 ? parsePartMark(comment)?.path : entry.path
    if (path === member.path && entry.type === member.type && entry.size === piece?.size) return
    throw this.#notThere(member, number)
  }

  #notThere(member: TarMember, number: number): VarveError {
    const message = `the volume '${this.#path(number)}' does not have '${member.path}' where the index says`
    return new VarveError('ERR_VARVE_DAMAGED', message)
  }

  /** The members of a volume by where they lie. */
  #membersAt(number: number): ReadonlyMap<number, TarMember> {
    if (this.#byPlace.size === 0) {
      for (const member of this.#index.members) {
        for (const { volume, offset } of member.pieces) {
          this.#byPlace.getOrInsertComputed(volume, () => new Map<number, TarMember>()).set(offset, member)
        }
      }
    }
    return this.#byPlace.get(number) ?? new Map<number, TarMember>()
  }

  #find(path: string): TarMember | undefined {
    const member = this.#byPath.get(path)
    return member === 'several' ? undefined : member
  }

  #volume(number: number): Volume {
    const volume = this.#volumes.get(number)
    if (volume === undefined) throw new Error(`the index has no volume ${number}`)
    return volume
  }

  #path(number: number): string {
    // An index is a file like any other: the names in it may not lead elsewhere.
    return this.#paths.get(number) ?? join(this.#folder, basename(this.#volume(number).file))
  }
}
