import { createHash, type Hash } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, symlinkSync } from 'node:fs'
import { open, type FileHandle, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { currentPlatform, writeAll, type Problem, type Progress } from '@varve/platform'
import { describeError, systemErrorCode, throwIfAborted, VarveError } from '@varve/platform/errors'
import { nameToBytes, toFsPath } from '@varve/platform/file-name'
import { ProgressMeter } from '../directory-index/progress-meter.ts'
import type { ExtractionPlan, FileJob, SpecialType } from './extraction-plan.ts'
import { attemptTarget, Staging } from './staging.ts'
import type { TarMember } from './volume-index.ts'

/** How members are extracted. */
export interface ExtractOptions {
  /** Whether files that are there may be replaced. */
  readonly overwrite?: boolean | undefined
  /** Whether files get the owners that they had. */
  readonly owners?: boolean | undefined
  /** Whether to make FIFOs and devices; otherwise they are left out, and reported. */
  readonly specials?: boolean | undefined
  /** Bytes of content at most; what the file system has room for if undefined. */
  readonly maxBytes?: number | undefined
  /** Called for a member that could not be extracted as it is; the rest goes on. */
  readonly onProblem?: ((problem: Problem) => void) | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** What was extracted. */
export interface ExtractResult {
  readonly files: number
  readonly folders: number
  /** Symbolic and hard links. */
  readonly links: number
  /** Of content. */
  readonly bytes: number
  /** Members that could not be extracted as they are. */
  readonly problems: readonly Problem[]
}

/**
 * Reads a volume from its beginning to the member that lies at offset `last`, and hands over those that are wanted, which are looked up by their
 * offsets.
 */
export type VisitVolume = (
  number: number,
  last: number,
  isWanted: (offset: number) => boolean,
  take: (offset: number, content: AsyncIterable<Buffer>) => Promise<void>,
) => Promise<void>

interface OpenFile {
  readonly job: FileJob
  readonly handle: FileHandle
  readonly hash: Hash
  nextPiece: number
}

/** Carries an extraction out. */
export class Extraction {
  readonly #plan: ExtractionPlan
  readonly #options: ExtractOptions
  readonly #staging: Staging
  readonly #meter: ProgressMeter
  readonly #problems: Problem[] = []
  readonly #open = new Map<FileJob, OpenFile>()
  readonly #parents = new Set<string>([''])
  /** What is to be written, by the number of the volume and the offset that it lies at. */
  readonly #jobs = new Map<number, Map<number, FileJob[]>>()

  private constructor(plan: ExtractionPlan, staging: Staging, options: ExtractOptions) {
    this.#plan = plan
    this.#staging = staging
    this.#options = options
    const totals = { files: plan.files.length, bytes: plan.bytes }
    this.#meter = new ProgressMeter('extracting', options.onProgress, totals)
    for (const job of plan.files) {
      for (const { volume, offset } of job.content.pieces) {
        const jobs = this.#jobs.getOrInsertComputed(volume, () => new Map<number, FileJob[]>())
        jobs.getOrInsertComputed(offset, () => []).push(job)
      }
    }
  }

  /**
   * Writes what a plan says, all of it or nothing.
   * @throws ERR_VARVE_TARGET, ERR_VARVE_EXISTS, ERR_VARVE_TOO_LARGE, ERR_VARVE_DAMAGED, ERR_VARVE_NOT_FOUND, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
   */
  static async run(
    plan: ExtractionPlan,
    target: string,
    visit: VisitVolume,
    options: ExtractOptions,
  ): Promise<ExtractResult> {
    const staging = Staging.prepare(target, plan, options.overwrite === true)
    const extraction = new Extraction(plan, staging, options)
    try {
      await extraction.#assertRoom()
      return await extraction.#all(visit)
    } finally {
      await extraction.#closeAll()
      staging.clean()
    }
  }

  async #all(visit: VisitVolume): Promise<ExtractResult> {
    const { folders, files, symlinks, hardlinks, bytes } = this.#plan
    const specials = this.#options.specials === true ? this.#plan.specials : []
    const leftOut = this.#options.specials === true ? [] : this.#plan.specials
    for (const { path } of [...leftOut, ...this.#plan.leftOut]) {
      this.#problem({ path, message: 'it is neither a file nor a folder nor a link, and is left out' })
    }
    for (const { path } of folders) this.#makeFolder(path, 0o700)
    const numbers = [...this.#jobs.keys()].toSorted((a, b) => a - b)
    for (const number of numbers) await this.#fromVolume(number, visit)
    if (this.#open.size > 0) throw new Error('a file was not written to its end')
    attemptTarget(this.#staging.target, () => {
      for (const { member, target } of hardlinks) this.#makeLink(member, target)
      for (const member of symlinks) this.#makeSymlink(member)
      for (const member of specials) this.#makeSpecial(member)
    })
    if (this.#staging.isFresh) this.#finishFolders(this.#staging.path)
    this.#staging.settle()
    // Moving entries into a folder changes its time.
    if (!this.#staging.isFresh) this.#finishFolders(this.#staging.target)
    this.#meter.finish()
    return {
      files: files.length,
      folders: folders.length,
      links: symlinks.length + hardlinks.length,
      bytes,
      problems: this.#problems,
    }
  }

  async #fromVolume(number: number, visit: VisitVolume): Promise<void> {
    const jobs = this.#jobs.get(number) ?? new Map<number, FileJob[]>()
    await visit(
      number,
      [...jobs.keys()].reduce((most, offset) => Math.max(most, offset), 0),
      (offset) => jobs.has(offset),
      async (offset, content) => {
        const files: OpenFile[] = []
        for (const job of jobs.get(offset) ?? []) files.push(await this.#openFile(job))
        jobs.delete(offset)
        for await (const bytes of content) {
          throwIfAborted(this.#options.signal)
          for (const file of files) await this.#append(file, bytes)
        }
        for (const file of files) await this.#endPiece(file)
      },
    )
    const [missing] = [...jobs.values()].flat()
    if (missing === undefined) return
    throw new VarveError(
      'ERR_VARVE_DAMAGED',
      `volume ${number} does not have '${missing.content.path}' where the index says`,
    )
  }

  async #openFile(job: FileJob): Promise<OpenFile> {
    const there = this.#open.get(job)
    if (there !== undefined) return there
    this.#makeParents(job.path)
    const path = `${this.#staging.path}/${job.path}`
    const handle = await this.#attempt(() => open(toFsPath(path), 'wx', 0o600))
    const file = { job, handle, hash: createHash('sha256'), nextPiece: 0 }
    this.#open.set(job, file)
    return file
  }

  async #append(file: OpenFile, bytes: Buffer): Promise<void> {
    file.hash.update(bytes)
    await this.#attempt(() => writeAll(file.handle, bytes))
    this.#meter.bytesDone += bytes.length
    this.#meter.tick(file.job.path)
  }

  async #endPiece(file: OpenFile): Promise<void> {
    const { job, handle, hash } = file
    file.nextPiece++
    if (file.nextPiece < job.content.pieces.length) return
    this.#open.delete(job)
    await this.#attempt(() => handle.close())
    assertContent(job.content, hash)
    this.#setMetadata(`${this.#staging.path}/${job.path}`, job.member)
    this.#meter.filesDone++
    this.#meter.tick(job.path)
  }

  #makeFolder(path: string, mode?: number): void {
    if (path === '' || this.#parents.has(path)) return
    this.#makeParents(path)
    this.#parents.add(path)
    attemptTarget(this.#staging.target, () =>
      mkdirSync(toFsPath(`${this.#staging.path}/${path}`), { mode: mode ?? 0o777 }),
    )
  }

  #makeParents(path: string): void {
    const slash = path.lastIndexOf('/')
    if (slash > 0) this.#makeFolder(path.slice(0, slash))
  }

  #makeLink(member: TarMember, target: string): void {
    this.#makeParents(member.path)
    linkSync(toFsPath(`${this.#staging.path}/${target}`), toFsPath(`${this.#staging.path}/${member.path}`))
  }

  #makeSymlink(member: TarMember): void {
    this.#makeParents(member.path)
    const path = `${this.#staging.path}/${member.path}`
    symlinkSync(nameToBytes(member.linkTarget), toFsPath(path))
    this.#setMetadata(path, member)
  }

  #makeSpecial(member: TarMember & { readonly type: SpecialType }): void {
    this.#makeParents(member.path)
    const path = `${this.#staging.path}/${member.path}`
    try {
      currentPlatform().makeSpecial(path, member.type, member.device ?? 0n)
    } catch (error) {
      this.#problem({ path: member.path, message: `it could not be made: ${describeError(error)}` })
      return
    }
    this.#setMetadata(path, member)
  }

  #finishFolders(base: string): void {
    for (const member of this.#plan.folders.toReversed()) {
      this.#setMetadata(member.path === '' ? base : `${base}/${member.path}`, member)
    }
  }

  #setMetadata(path: string, { type, mode, mtime, uid, gid, path: name }: TarMember): void {
    const platform = currentPlatform()
    const steps: readonly (() => void)[] = [
      () => (this.#options.owners === true ? platform.setOwner(path, uid, gid) : undefined),
      () => (type === 'symlink' ? undefined : chmodSync(toFsPath(path), mode)),
      () => platform.setTimes(path, mtime, mtime),
    ]
    for (const step of steps) {
      try {
        step()
      } catch (error) {
        this.#problem({ path: name, message: `its metadata could not be set: ${describeError(error)}` })
      }
    }
  }

  /** What cannot fit is refused before it fills the disk. */
  async #assertRoom(): Promise<void> {
    const { maxBytes } = this.#options
    const { bytes } = this.#plan
    if (maxBytes !== undefined && bytes > maxBytes) {
      throw new VarveError(
        'ERR_VARVE_TOO_LARGE',
        `the members have ${bytes} bytes, more than the ${maxBytes} that are allowed`,
      )
    }
    const { bavail, bsize } = await statfs(toFsPath(dirname(this.#staging.path)))
    if (bytes <= bavail * bsize) return
    const message = `the members have ${bytes} bytes, but there is room for ${bavail * bsize} at '${this.#staging.target}'`
    throw new VarveError('ERR_VARVE_TOO_LARGE', message)
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      const message = `cannot write to '${this.#staging.target}': ${describeError(error)}`
      throw new VarveError('ERR_VARVE_TARGET', message, { cause: error })
    }
  }

  async #closeAll(): Promise<void> {
    for (const { handle } of this.#open.values()) await handle.close().catch(() => undefined)
  }

  #problem(problem: Problem): void {
    this.#problems.push(problem)
    this.#meter.errors++
    this.#options.onProblem?.(problem)
  }
}

/** @throws ERR_VARVE_DAMAGED where content is not what the index says */
export function assertContent(member: TarMember, hash: Hash): void {
  if (member.sha256 === undefined || member.sha256 === hash.digest('hex')) return
  throw new VarveError('ERR_VARVE_DAMAGED', `the content of '${member.path}' is not what was added`)
}
