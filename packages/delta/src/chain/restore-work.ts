import { randomBytes } from 'node:crypto'
import { chmod, lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { LongCall } from '@varve/platform'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { applyDiff } from '../directory-diff/apply/apply-diff.ts'
import { DirIndex } from '../directory-index/dir-index.ts'
import { TarVolume } from '../tar-volume/tar-volume.ts'
import type { ChainStorage } from './chain-storage.ts'
import type { Backup } from './manifest.ts'
import { objectStem } from './object-name.ts'
import { getFile } from './object-transfer.ts'

type Call = Pick<LongCall, 'signal' | 'onProgress'>

/** A folder that is being restored beside the place that it is meant for, and gets there when it is all that it should be. */
export class RestoreWork implements AsyncDisposable {
  readonly #target: string
  readonly #work: string

  private constructor(target: string, work: string) {
    this.#target = target
    this.#work = work
  }

  /** @throws ERR_VARVE_EXISTS where the target is there and no empty folder; ERR_VARVE_TARGET */
  static async beside(target: string): Promise<RestoreWork> {
    const path = resolve(target)
    return await attempt(target, async () => {
      await requireFree(path, target)
      await mkdir(toFsPath(dirname(path)), { recursive: true })
      const work = join(dirname(path), `.${basename(path)}-tmp-${randomBytes(8).toString('hex')}`)
      await mkdir(toFsPath(work), { mode: 0o700 })
      return new RestoreWork(path, work)
    })
  }

  /** The folder. */
  get tree(): string {
    return join(this.#work, 'tree')
  }

  /**
   * Restores a full backup and the increments that build on it, each verified.
   *
   * @param line - the full backup first
   * @throws ERR_VARVE_DAMAGED, ERR_VARVE_NOT_FOUND, ERR_VARVE_TARGET, ERR_VARVE_TOO_LARGE, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
   */
  async build(storage: ChainStorage, line: readonly Backup[], call: Call): Promise<void> {
    const [full, ...increments] = line
    if (full?.kind !== 'full') throw new Error('a chain does not begin with a full backup')
    await this.#extract(storage, full, call)
    for (const increment of increments) await this.#apply(storage, increment, call)
    // Increments are compared with the folder before and after they are applied.
    if (increments.length === 0) await this.#verify(full, call)
  }

  /** Gives the folder its place. @throws ERR_VARVE_TARGET, ERR_VARVE_EXISTS where something has come there meanwhile */
  async settle(): Promise<void> {
    await attempt(this.#target, async () => {
      await requireFree(this.#target, this.#target)
      await rmdir(toFsPath(this.#target)).catch((error: unknown) => {
        if (systemErrorCode(error) !== 'ENOENT') throw error
      })
      // A folder that may not be written to cannot be moved to another one either.
      const { mode } = await lstat(toFsPath(this.tree))
      await chmod(toFsPath(this.tree), (mode & 0o7777) | 0o700)
      await rename(toFsPath(this.tree), toFsPath(this.#target))
      await chmod(toFsPath(this.#target), mode & 0o7777)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(toFsPath(this.#work), { recursive: true, force: true }).catch(() => undefined)
  }

  async #extract(storage: ChainStorage, { key, time, content }: Backup, call: Call): Promise<void> {
    const folder = join(this.#work, 'volumes')
    await attempt(this.#target, () => mkdir(folder))
    for (const object of content) await getFile(storage, object, join(folder, object.name), call.signal)
    const reader = await TarVolume.open({ folder, key: objectStem(key, 'full', time) }, { signal: call.signal })
    const { problems } = await reader.extractAll(this.tree, { ...call, specials: true })
    const [problem] = problems
    if (problem !== undefined) {
      throw new VarveError('ERR_VARVE_TARGET', `'${problem.path}' cannot be restored as it was: ${problem.message}`)
    }
    await attempt(this.#target, () => rm(folder, { recursive: true }))
  }

  async #apply(storage: ChainStorage, { content }: Backup, call: Call): Promise<void> {
    for (const object of content) {
      const path = join(this.#work, object.name)
      await getFile(storage, object, path, call.signal)
      await applyDiff(this.tree, path, call)
      await attempt(this.#target, () => rm(path))
    }
  }

  async #verify({ key, stateHash }: Backup, call: Call): Promise<void> {
    await using index = await DirIndex.fromFolder(this.tree, {
      ...call,
      excludeFile: '',
      excludes: [],
      signatures: false,
    })
    if (index.stateHash === stateHash && index.problemCount === 0) return
    throw new VarveError('ERR_VARVE_TARGET', `what was restored of '${key}' is not what was backed up`, {
      hint: 'the file system may not keep all names, permissions or times',
    })
  }
}

async function requireFree(path: string, target: string): Promise<void> {
  try {
    const stats = await lstat(toFsPath(path))
    if (stats.isDirectory() && (await readdir(toFsPath(path))).length === 0) return
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return
    throw error
  }
  throw new VarveError('ERR_VARVE_EXISTS', `'${target}' is there already`, {
    hint: 'restore to a new or an empty folder',
  })
}

async function attempt<T>(target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    throw new VarveError('ERR_VARVE_TARGET', `cannot restore to '${target}': ${describeError(error)}`, { cause: error })
  }
}
