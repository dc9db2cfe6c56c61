import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { LongCall } from '@varve/platform'
import { isVarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { DiffData } from '../directory-diff/diff-data.ts'
import { DiffIndex } from '../directory-diff/diff-index.ts'
import { DirIndex } from '../directory-index/dir-index.ts'
import { findBackup, lineageOf, listBackups, type BackupList } from './backup-list.ts'
import type { BackupOptions, ChainsOptions, RestoreChainOptions } from './chain-options.ts'
import type { ChainStorage } from './chain-storage.ts'
import { assertRules, type ExpiryPlan, type ExpiryRules, planExpiry, removeBackups } from './expiry.ts'
import { writeFullContent } from './full-content.ts'
import { type Backup, type BackupObject, encodeManifest } from './manifest.ts'
import { assertChainKey, manifestName, objectStem } from './object-name.ts'
import { getFile, putFile } from './object-transfer.ts'
import { RestoreWork } from './restore-work.ts'

/** How often a folder is indexed again that changes while it is backed up. */
const ATTEMPTS = 3

/**
 * Backups of a folder as chains: a full one, and increments that each hold what has changed since the one before, in any storage that keeps objects with names.
 *
 * Backups of one key are made by one process at a time; reading them, meanwhile, is safe. A backup is there when its manifest is, which is written last; a
 * crash leaves objects that `expire` removes.
 */
export class Chains {
  readonly #storage: ChainStorage
  readonly #key: string
  readonly #workFolder: string
  readonly #now: () => number

  /** @throws ERR_VARVE_BAD_ARGUMENT for a key that cannot begin the names of objects */
  constructor({ storage, key, workFolder = tmpdir(), now = Date.now }: ChainsOptions) {
    assertChainKey(key)
    this.#storage = storage
    this.#key = key
    this.#workFolder = workFolder
    this.#now = now
  }

  /**
   * Backs up everything in a folder; a new chain begins.
   * @throws ERR_VARVE_SOURCE where the folder cannot be read, or keeps changing; ERR_VARVE_STORAGE, ERR_VARVE_BAD_ARGUMENT, ERR_VARVE_ABORTED
   */
  async fullBackup(folder: string, options: BackupOptions = {}): Promise<Backup> {
    const time = this.#nextTime(await this.list())
    return await this.#withWork(async (work) => {
      return await this.#indexed(folder, undefined, options, async (index, put) => {
        const content = await this.#putFull(folder, index, work, time, options, put)
        return await this.#complete({ kind: 'full', time, base: undefined, content }, index, work, put)
      })
    })
  }

  /**
   * Backs up what has changed in a folder since the newest backup.
   * @throws ERR_VARVE_NOT_FOUND where there is none; ERR_VARVE_DAMAGED where its index is; as `fullBackup`
   */
  async incrementalBackup(folder: string, options: BackupOptions = {}): Promise<Backup> {
    const list = await this.list()
    const before = findBackup(list, this.#key, undefined)
    const time = this.#nextTime(list)
    return await this.#withWork(async (work) => {
      await using older = await this.#state(before, work, options.signal)
      return await this.#indexed(folder, older, options, async (index, put) => {
        await using diff = await DiffIndex.between(older, index, callOf(options))
        const name = `${objectStem(this.#key, 'diff', time)}.${options.compression === 'zstd' ? 'tzst' : 'tgz'}`
        const path = join(work, name)
        const { compression = 'gzip' } = options
        await new DiffData(diff, older, folder).createArchive(path, { ...callOf(options), compression })
        const content = [await put(name, path)]
        return await this.#complete({ kind: 'diff', time, base: before.time, content }, index, work, put)
      })
    })
  }

  /**
   * What there is.
   * @throws ERR_VARVE_STORAGE
   */
  async list(): Promise<BackupList> {
    return await listBackups(this.#storage, this.#key)
  }

  /**
   * Writes the folder as it was backed up: all of it, verified, or nothing.
   *
   * @param target - must not be there, or be an empty folder
   * @throws ERR_VARVE_NOT_FOUND where there is no such backup, or an object of it is missing; ERR_VARVE_DAMAGED for what is not as it was put there;
   *   ERR_VARVE_EXISTS, ERR_VARVE_TARGET, ERR_VARVE_TOO_LARGE, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
   */
  async restore(target: string, options: RestoreChainOptions = {}): Promise<Backup> {
    const list = await this.list()
    const backup = findBackup(list, this.#key, options.to)
    await using work = await RestoreWork.beside(target)
    await work.build(this.#storage, lineageOf(list, backup), callOf(options))
    await work.settle()
    return backup
  }

  /**
   * Makes a full backup out of an increment and all that it builds on, from the storage alone: the folder is not needed. It takes the place of that
   * increment, and a chain begins with it; what was before stays until it expires, or goes at once with `removeMerged`.
   *
   * @throws as `restore` and `fullBackup`
   */
  async merge(
    options: RestoreChainOptions &
      Pick<BackupOptions, 'compression' | 'volumeSize'> & { readonly removeMerged?: boolean } = {},
  ): Promise<Backup> {
    const list = await this.list()
    const merged = findBackup(list, this.#key, options.to)
    const line = lineageOf(list, merged)
    if (merged.kind === 'full') return merged
    const full = await this.#withWork(async (work) => {
      await using restored = await RestoreWork.beside(join(work, 'restored'))
      await restored.build(this.#storage, line, callOf(options))
      await using index = await this.#state(merged, work, options.signal)
      return await this.#cleaningUp(options.signal, async (put) => {
        const content = await this.#putFull(restored.tree, index, work, merged.time, options, put)
        const backup: Backup = { ...merged, kind: 'full', base: undefined, content }
        await this.#putManifest(backup)
        return backup
      })
    })
    const others = list.backups.filter((backup) => backup !== merged)
    const linked = [full, ...others]
    const outside = linked.filter((backup) => !line.includes(backup))
    // Another increment may build on one of those that were merged.
    const needed = new Set(outside.flatMap((backup) => lineageOf({ backups: linked }, backup)))
    const stay = options.removeMerged === true ? linked.filter((backup) => needed.has(backup)) : linked
    await removeBackups(
      this.#storage,
      [merged, ...line.filter((backup) => backup !== merged && !stay.includes(backup))],
      stay,
    )
    return full
  }

  /**
   * Removes chains that are no longer wanted, whole ones only and never the newest, and what was left over by backups that were never finished.
   *
   * @param rules - at least one of them; where both are given, a chain goes only if both say so
   * @param options - `dryRun`: remove nothing
   * @returns what was removed, or would be
   * @throws ERR_VARVE_BAD_ARGUMENT, ERR_VARVE_STORAGE
   */
  async expire(rules: ExpiryRules, { dryRun = false }: { readonly dryRun?: boolean } = {}): Promise<ExpiryPlan> {
    assertRules(rules)
    const list = await this.list()
    const plan = planExpiry(list, this.#key, rules, this.#now())
    if (dryRun) return plan
    const stay = plan.keep.flatMap(({ backups }) => backups)
    await removeBackups(this.#storage, [...list.superseded, ...plan.remove.flatMap(({ backups }) => backups)], stay)
    for (const { name } of plan.leftOvers) await this.#storage.remove(name)
    return plan
  }

  /** Later than all that is there, whatever the clock says: increments are told apart by their times. */
  #nextTime({ backups, superseded }: BackupList): number {
    return Math.max(this.#now(), ...[...backups, ...superseded].map(({ time }) => time + 1))
  }

  /** Indexes a folder and does something with it, again where the folder has changed meanwhile. */
  async #indexed(
    folder: string,
    previous: DirIndex | undefined,
    options: BackupOptions,
    work: (index: DirIndex, put: Put) => Promise<Backup>,
  ): Promise<Backup> {
    const { excludeFile, excludes, unchanged, onProblem } = options
    const rules = Object.fromEntries(
      Object.entries({ excludeFile, excludes, unchanged, onProblem }).filter(([, value]) => value !== undefined),
    )
    const newIndex = (earlier: DirIndex | undefined): Promise<DirIndex> =>
      DirIndex.fromFolder(folder, {
        ...callOf(options),
        ...rules,
        ...(earlier === undefined ? {} : { previous: earlier }),
      })
    let index = await newIndex(previous)
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          const made = index
          return await this.#cleaningUp(options.signal, (put) => work(made, put))
        } catch (error) {
          if (!isVarveError(error, 'ERR_VARVE_SOURCE') || attempt === ATTEMPTS) throw error
        }
        const next = await newIndex(index)
        await index.close()
        index = next
      }
    } finally {
      await index.close()
    }
  }

  /** Does something that puts objects, and removes them where it fails. */
  async #cleaningUp<T>(signal: AbortSignal | undefined, work: (put: Put) => Promise<T>): Promise<T> {
    const names: string[] = []
    const put: Put = async (name, path) => {
      names.push(name)
      return await putFile(this.#storage, name, path, signal)
    }
    try {
      return await work(put)
    } catch (error) {
      // The first failure is the one to report; what stays is left over, and expires.
      for (const name of names) await this.#storage.remove(name).catch(() => undefined)
      throw error
    }
  }

  /** Puts all content of a folder, volume by volume: one at a time takes room in the work folder. */
  async #putFull(
    folder: string,
    index: DirIndex,
    work: string,
    time: number,
    { compression = 'gzip', volumeSize, signal, onProgress }: BackupOptions,
    put: Put,
  ): Promise<readonly BackupObject[]> {
    const objects: BackupObject[] = []
    const take = async (path: string): Promise<void> => {
      objects.push(await put(basename(path), path))
      await rm(toFsPath(path))
    }
    const options = {
      folder: work,
      key: objectStem(this.#key, 'full', time),
      replace: false,
      oversized: 'split',
    } as const
    const written = await writeFullContent(folder, index, {
      ...options,
      compression,
      volumeSize,
      signal,
      onProgress,
      onVolume: take,
    })
    await take(written.index)
    return objects
  }

  /** Puts the index that the next backup is compared with, and then what makes a backup of it all. */
  async #complete(
    backup: Pick<Backup, 'kind' | 'time' | 'base' | 'content'>,
    index: DirIndex,
    work: string,
    put: Put,
  ): Promise<Backup> {
    const name = `${objectStem(this.#key, 'state', backup.time)}.index`
    const path = join(work, name)
    await index.toFile(path)
    const state = await put(name, path)
    const { stateHash, entryCount, totalSize, problemCount } = index
    const made: Backup = { ...backup, key: this.#key, state, stateHash, entryCount, totalSize, problemCount }
    await this.#putManifest(made)
    return made
  }

  async #putManifest(backup: Backup): Promise<void> {
    const bytes = encodeManifest(backup)
    async function* content(): AsyncGenerator<Uint8Array> {
      yield bytes
    }
    await this.#storage.put(manifestName(this.#key, backup.kind, backup.time), content())
  }

  async #state({ state }: Backup, work: string, signal: AbortSignal | undefined): Promise<DirIndex> {
    const path = join(work, `before-${state.name}`)
    await getFile(this.#storage, state, path, signal)
    return await DirIndex.fromFile(path)
  }

  async #withWork<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(this.#workFolder, 'varve-chain-'))
    try {
      return await work(folder)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

type Put = (name: string, path: string) => Promise<BackupObject>

function callOf({
  signal,
  onProgress,
}: Pick<LongCall, 'signal' | 'onProgress'>): Pick<LongCall, 'signal' | 'onProgress'> {
  return { signal, onProgress }
}
