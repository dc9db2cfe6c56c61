import { randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import type { ExtractionPlan } from './extraction-plan.ts'

/**
 * Where an archive is extracted before it gets to its target: a new folder on the same file system, which nobody has put links into. What is refused or
 * fails leaves the target as it was.
 *
 * A target that does not exist yet appears whole, by one rename. What goes into one that exists is moved there entry by entry, after all of it has been
 * found possible, and never through a symbolic link.
 */
export class Staging {
  readonly path: string
  readonly target: string
  /** Whether the target does not exist yet. */
  readonly isFresh: boolean

  private constructor(path: string, target: string, isFresh: boolean) {
    this.path = path
    this.target = target
    this.isFresh = isFresh
  }

  /** @throws ERR_VARVE_TARGET where the target cannot be used, ERR_VARVE_EXISTS where entries of the plan are there and `overwrite` is not set */
  static prepare(target: string, plan: ExtractionPlan, overwrite: boolean): Staging {
    const path = resolve(target)
    const suffix = randomBytes(8).toString('hex')
    return attemptTarget(target, () => {
      const stats = statSync(toFsPath(path), { throwIfNoEntry: false })
      if (stats?.isDirectory() === false) {
        throw new VarveError('ERR_VARVE_TARGET', `'${target}' exists but is no folder`)
      }
      const isFresh = stats === undefined
      if (isFresh) mkdirSync(toFsPath(dirname(path)), { recursive: true })
      else assertRoom(path, plan, overwrite)
      const stage = isFresh
        ? join(dirname(path), `.${basename(path)}-tmp-${suffix}`)
        : join(path, `.varve-tmp-${suffix}`)
      mkdirSync(toFsPath(stage))
      return new Staging(stage, path, isFresh)
    })
  }

  /** Moves everything to the target. @throws ERR_VARVE_TARGET; what was moved until then stays there */
  settle(): void {
    attemptTarget(this.target, () => {
      if (this.isFresh) renameSync(toFsPath(this.path), toFsPath(this.target))
      else move(this.path, this.target)
    })
  }

  /** Removes what was not moved. Never fails: there is a first failure to report. */
  clean(): void {
    try {
      rmSync(toFsPath(this.path), { recursive: true, force: true })
    } catch {
      // What is left has a name that says what it is.
    }
  }
}

/** Does something at the target; what the system says against it becomes ERR_VARVE_TARGET. */
export function attemptTarget<T>(target: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    throw new VarveError('ERR_VARVE_TARGET', `cannot write to '${target}': ${describeError(error)}`, { cause: error })
  }
}

function assertRoom(target: string, plan: ExtractionPlan, overwrite: boolean): void {
  const known = new Set<string>([''])
  const assertFolder = (path: string): void => {
    if (known.has(path)) return
    assertFolder(parentOf(path))
    known.add(path)
    const there = lookAt(join(target, path))
    if (there === undefined || there.isDirectory()) return
    throw new VarveError('ERR_VARVE_TARGET', `'${join(target, path)}' is in the way: it is no folder`)
  }
  for (const { path } of plan.folders) assertFolder(path)
  const others = [...plan.files, ...plan.symlinks, ...plan.specials, ...plan.hardlinks.map(({ member }) => member)]
  for (const { path } of others) {
    assertFolder(parentOf(path))
    const there = lookAt(join(target, path))
    if (there === undefined || (overwrite && !there.isDirectory())) continue
    throw new VarveError('ERR_VARVE_EXISTS', `'${join(target, path)}' is there already`, {
      hint: there.isDirectory() ? 'a folder is never replaced by a file' : 'extract to another folder, or overwrite',
    })
  }
}

function move(from: string, to: string): void {
  for (const bytes of readdirSync(toFsPath(from), { encoding: 'buffer' })) {
    const name = nameFromBytes(bytes)
    const [source, destination] = [`${from}/${name}`, `${to}/${name}`]
    const bothFolders = lookAt(source)?.isDirectory() === true && lookAt(destination)?.isDirectory() === true
    if (bothFolders) move(source, destination)
    else renameSync(toFsPath(source), toFsPath(destination))
  }
  rmdirSync(toFsPath(from))
}

function lookAt(path: string): ReturnType<typeof lstatSync> | undefined {
  try {
    return lstatSync(toFsPath(path))
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}
