import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, mkdirSync, openSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import {
  currentPlatform,
  describeError,
  isVarveError,
  systemErrorCode,
  toFsPath,
  VarveError,
  writeAllSync,
  type LongCall,
  type Problem,
  type Progress,
} from '@varve/platform'
import { breathe } from '@varve/platform'
import { hashFile } from '../increment/hash-file.ts'
import type { ContentPlace } from './content-places.ts'
import { lookAt } from '../increment/look-at.ts'
import type { MirrorRestorePlan, PlannedFile } from './restore-plan.ts'

/** What a restore may do. */
export interface MirrorRestoreOptions extends Pick<LongCall, 'signal' | 'onProgress'> {
  /** Whether files and links that are there are replaced. Default: no, and nothing is written at all then. */
  readonly overwrite?: boolean
  /** Whether all is restored that can be, though not everything can, or not with certainty. Default: no, and nothing is written at all then. */
  readonly allowMissing?: boolean
}

/** What a restore did. */
export interface MirrorRestoreResult {
  /** Files that were written, each verified by its hash. */
  readonly filesRestored: number
  readonly bytesRestored: number
  /** What of the tree is not there now as it was: with `allowMissing` what the plan said of it, and whatever failed. Empty where all is. */
  readonly problems: readonly Problem[]
}

const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600

/** What the target answers when nothing more can be written to it. */
const HOPELESS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS'])

/** Milliseconds between two reports. */
const REPORT_EVERY = 200

/**
 * Carries out a plan. Each file is written beside its place, verified by its hash and then renamed, never linked to what the increments hold, and never
 * written through a symbolic link. What fails with a single entry becomes a problem, and the rest goes on.
 *
 * @throws ERR_VARVE_EXISTS where something would have to be replaced and must not be, ERR_VARVE_TARGET where an entry has no place, ERR_VARVE_DAMAGED
 *   where something is missing and that is not allowed: nothing has been written then; ERR_VARVE_TARGET also where the target is full; ERR_VARVE_ABORTED
 */
export async function executeMirrorRestore(
  plan: MirrorRestorePlan,
  options: MirrorRestoreOptions = {},
): Promise<MirrorRestoreResult> {
  refuse(plan, options)
  return await new Restore(plan, options).run()
}

function refuse(plan: MirrorRestorePlan, { overwrite, allowMissing }: MirrorRestoreOptions): void {
  const [blocked] = plan.blocked
  if (blocked !== undefined) {
    throw new VarveError(
      'ERR_VARVE_TARGET',
      `cannot restore '${blocked.path}' to '${plan.target}': ${blocked.message}${andMore(plan.blocked)}`,
    )
  }
  if (overwrite !== true && plan.existing.length > 0) {
    throw new VarveError(
      'ERR_VARVE_EXISTS',
      `'${plan.existing[0]}' is in '${plan.target}' already${andMore(plan.existing)}`,
      { hint: 'restore to another folder, or ask for what is there to be replaced' },
    )
  }
  const [missing] = plan.missing
  if (allowMissing === true || missing === undefined) return
  const what = missing.path === '' ? missing.message : `'${missing.path}': ${missing.message}`
  throw new VarveError(
    'ERR_VARVE_DAMAGED',
    `the tree of '${plan.increment.name}' cannot be restored as it was: ${what}${andMore(plan.missing)}`,
    { hint: 'all else can be restored if that is asked for' },
  )
}

function andMore(all: readonly unknown[]): string {
  return all.length > 1 ? ` (and ${all.length - 1} more)` : ''
}

class Restore {
  readonly #plan: MirrorRestorePlan
  readonly #options: MirrorRestoreOptions
  readonly #platform = currentPlatform()
  readonly #problems: Problem[]
  readonly #named: ReadonlySet<string>
  readonly #made = new Set<string>()
  readonly #suffix = randomBytes(6).toString('hex')
  #files = 0
  #bytes = 0
  #reported = 0

  constructor(plan: MirrorRestorePlan, options: MirrorRestoreOptions) {
    this.#plan = plan
    this.#options = options
    this.#problems = [...plan.missing]
    this.#named = new Set(plan.folders.map(({ path }) => path))
  }

  async run(): Promise<MirrorRestoreResult> {
    const { target, folders, files, links } = this.#plan
    this.#makeTarget(target)
    for (const { path } of folders) this.#attempt(path, () => this.#makeFolder(path))
    for (const file of files) {
      await breathe(this.#options.signal)
      this.#report(file.path)
      await this.#writeFile(file)
    }
    for (const { path, state } of links) this.#attempt(path, () => this.#makeLink(path, state.target, state.mtime))
    for (const { path, state } of folders.toReversed()) {
      this.#attempt(path, () => {
        if (lookAt(this.#at(path))?.isDirectory() !== true) throw new Error('it is no folder any more')
        chmodSync(toFsPath(this.#at(path)), state.mode)
        this.#platform.setTimes(this.#at(path), state.mtime, state.mtime)
      })
    }
    this.#report('', true)
    return { filesRestored: this.#files, bytesRestored: this.#bytes, problems: this.#problems }
  }

  #makeTarget(target: string): void {
    try {
      mkdirSync(toFsPath(target), { recursive: true })
    } catch (error) {
      throw this.#targetFailure(error)
    }
  }

  #targetFailure(error: unknown): VarveError {
    const message = `cannot write to '${this.#plan.target}': ${describeError(error)}`
    return new VarveError('ERR_VARVE_TARGET', message, { cause: error })
  }

  #at(path: string): string {
    return `${this.#plan.target}/${path}`
  }

  /** Makes a folder and those around it. Each is looked at once, and none may be a link. */
  #makeFolder(path: string): void {
    if (path === '' || this.#made.has(path)) return
    this.#makeFolder(parentOf(path))
    const there = lookAt(this.#at(path))
    if (there === undefined) {
      // Those that the tree does not name get the usual permissions.
      mkdirSync(toFsPath(this.#at(path)), this.#named.has(path) ? PRIVATE_FOLDER : undefined)
    } else if (!there.isDirectory()) throw new Error('it is there, and is no folder')
    this.#made.add(path)
  }

  async #writeFile(file: PlannedFile): Promise<void> {
    const temporary = this.#at(besidePath(file.path, this.#suffix))
    try {
      this.#makeFolder(parentOf(file.path))
      await this.#writeVerified(file, temporary)
      const { mode, mtime } = file.state
      chmodSync(toFsPath(temporary), mode)
      this.#platform.setTimes(temporary, mtime, mtime)
      this.#putInPlace(temporary, file.path)
      this.#files++
      this.#bytes += file.state.size
    } catch (error) {
      rmSync(toFsPath(temporary), { force: true })
      this.#fail(file.path, error)
    }
  }

  /** Tries one place of the content after the other. */
  async #writeVerified({ state, places }: PlannedFile, temporary: string): Promise<void> {
    const reasons: string[] = []
    for (const place of places) {
      const reason = await this.#copy(place, temporary, state.hash)
      if (reason === undefined) return
      reasons.push(reason)
    }
    throw new VarveError('ERR_VARVE_DAMAGED', reasons.join('; '))
  }

  /** @returns why the content is not the one that is wanted */
  async #copy(place: ContentPlace, temporary: string, wanted: string): Promise<string | undefined> {
    const fd = openSync(toFsPath(temporary), 'wx', PRIVATE_FILE)
    try {
      const write = (piece: Buffer): void => {
        try {
          writeAllSync(fd, piece)
        } catch (error) {
          throw new VarveError('ERR_VARVE_TARGET', `it cannot be written: ${describeError(error)}`, { cause: error })
        }
      }
      const { hash } = await hashFile(place.path, this.#options.signal, write)
      if (hash === wanted) return undefined
      rmSync(toFsPath(temporary))
      return `its content in '${place.where}' is damaged`
    } catch (error) {
      if (error instanceof VarveError) throw error
      rmSync(toFsPath(temporary))
      return `its content in '${place.where}' cannot be read: ${describeError(error)}`
    } finally {
      closeSync(fd)
    }
  }

  #makeLink(path: string, target: string, mtime: bigint): void {
    this.#makeFolder(parentOf(path))
    const temporary = this.#at(besidePath(path, this.#suffix))
    symlinkSync(toFsPath(target), toFsPath(temporary))
    try {
      this.#platform.setTimes(temporary, mtime, mtime)
      this.#putInPlace(temporary, path)
    } catch (error) {
      rmSync(toFsPath(temporary), { force: true })
      throw error
    }
  }

  #putInPlace(temporary: string, path: string): void {
    const there = lookAt(this.#at(path))
    if (there !== undefined && this.#options.overwrite !== true) throw new Error('it has appeared meanwhile')
    renameSync(toFsPath(temporary), toFsPath(this.#at(path)))
  }

  #attempt(path: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fail(path, error)
    }
  }

  /** @throws ERR_VARVE_TARGET where nothing else could be written either; ERR_VARVE_ABORTED */
  #fail(path: string, error: unknown): void {
    if (isVarveError(error, 'ERR_VARVE_ABORTED')) throw error
    const code = systemErrorCode(error instanceof VarveError ? error.cause : error)
    if (code !== undefined && HOPELESS.has(code)) throw this.#targetFailure(error)
    this.#problems.push({ path, message: describeError(error) })
  }

  #report(current: string, isLast = false): void {
    const now = performance.now()
    if (!isLast && now - this.#reported < REPORT_EVERY) return
    this.#reported = now
    const progress: Progress = {
      phase: 'restoring',
      filesDone: this.#files,
      filesTotal: this.#plan.files.length,
      bytesDone: this.#bytes,
      bytesTotal: this.#plan.totalBytes,
      current: current === '' ? [] : [current],
      errors: this.#problems.length,
    }
    this.#options.onProgress?.(progress)
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** Where something is written before it takes its place: in the same folder, under a name that no path's length makes too long. */
function besidePath(path: string, suffix: string): string {
  return `${path.slice(0, path.lastIndexOf('/') + 1)}.varve-${suffix}`
}
