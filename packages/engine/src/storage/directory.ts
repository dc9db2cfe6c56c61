import { mkdir, open, readdir, realpath, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { systemErrorCode, VarveError } from '@varve/platform/errors'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import type { DirectSource } from './direct-reading.ts'
import {
  allFolders,
  GROUP_MODES,
  objectFolder,
  objectPath,
  PACK_FOLDERS,
  PRIVATE_MODES,
  typeFolder,
  type LayoutModes,
} from './directory-layout.ts'
import { explainMissingDirectory } from './directory-missing.ts'
import { isTemporaryName, writeDurably } from './durable-file.ts'
import { flushFolder, isOnLocalFileSystem, makeFolder } from '@varve/platform'
import { assertObjectName, describeObject, isObjectName } from './object-name.ts'
import {
  creationFailure,
  objectNotFound,
  objectTooShort,
  resolveRange,
  storageClosed,
  systemFailure,
} from './storage-failure.ts'
import { LISTED_FILE_TYPES, type ByteRange, type FileType, type Storage, type StoredFile } from './storage.ts'

/** Calls to the file system at once: more than Node's thread pool runs, few enough for any limit of open files. */
const CONCURRENT_CALLS = 16

/** A temporary file that nobody has written to for so long is left over from a process that died. In milliseconds. */
const ABANDONED_AFTER = 24 * 60 * 60 * 1000

/** Kinds of object whose return after a power failure would do harm: an index that names packs which are gone, a revoked key. */
const FLUSHED_REMOVALS: ReadonlySet<FileType> = new Set(['key', 'snapshot', 'index'])

/** Where a repository's folder really is. */
interface Place {
  readonly realRoot: string
  /** On a file system that this machine alone uses. */
  readonly isLocal: boolean
}

/**
 * A folder of the local file system in restic's default layout: `config`, `keys/`, `locks/`, `snapshots/`, `index/` and
 * `data/00/` to `data/ff/`.
 *
 * Folders that are missing count as empty when listed and are made when something is saved there. Temporary files that a
 * killed process left behind are never listed; `reclaim` removes those that are older than a day, since younger ones may be
 * another process's work.
 */
export class DirectoryStorage implements Storage {
  readonly location: string
  readonly localPaths: readonly string[]
  readonly direct: DirectSource
  readonly listsAtOnce: boolean
  readonly takesEarly = true
  readonly #root: string
  readonly #modes: LayoutModes
  readonly #limit = new ConcurrencyLimit(CONCURRENT_CALLS)
  #closed = false

  private constructor(location: string, root: string, place: Place, modes: LayoutModes) {
    this.location = location
    this.localPaths = [...new Set([root, place.realRoot])]
    this.direct = { kind: 'directory', root: place.realRoot }
    this.listsAtOnce = place.isLocal
    this.#root = root
    this.#modes = modes
  }

  /**
   * Makes the folders of a repository, as far as they are missing. What else is in the folder stays.
   * @throws ERR_VARVE_REPOSITORY_EXISTS where there is a config, ERR_VARVE_BAD_ARGUMENT where `path` is a file, ERR_VARVE_STORAGE
   */
  static async create(path: string): Promise<DirectoryStorage> {
    const root = resolve(path)
    try {
      if (await isThere(objectPath(root, 'config', ''))) {
        throw new VarveError('ERR_VARVE_REPOSITORY_EXISTS', `'${path}' already is a repository`)
      }
      await makeFolder(root, PRIVATE_MODES.folder)
      for (const folder of allFolders(root)) await mkdir(folder, { recursive: true, mode: PRIVATE_MODES.folder })
      await flushFolder(typeFolder(root, 'pack'))
      await flushFolder(root)
      return new DirectoryStorage(path, root, await placeOf(root), PRIVATE_MODES)
    } catch (error) {
      if (error instanceof VarveError) throw error
      throw creationFailure(path, error)
    }
  }

  /**
   * Opens an existing repository.
   * @throws ERR_VARVE_NO_REPOSITORY where there is no config, ERR_VARVE_STORAGE
   */
  static async open(path: string): Promise<DirectoryStorage> {
    const root = resolve(path)
    try {
      const config = await stat(objectPath(root, 'config', ''))
      const modes = (config.mode & 0o040) === 0 ? PRIVATE_MODES : GROUP_MODES
      return new DirectoryStorage(path, root, await placeOf(root), modes)
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === 'ENOENT' || code === 'ENOTDIR') throw await explainMissingDirectory(path, error)
      throw systemFailure(`open the repository '${path}'`, path, error)
    }
  }

  async list(type: FileType): Promise<readonly StoredFile[]> {
    this.#assertOpen()
    return await this.#attempt(`list the ${type} files`, async () => {
      if (type === 'config') return await this.#sizes(this.#root, type, ['config'])
      const folder = typeFolder(this.#root, type)
      if (type !== 'pack') return await this.#sizes(folder, type, await this.#namesIn(folder))
      const present = new Set(await this.#namesIn(folder))
      const folders = PACK_FOLDERS.filter((name) => present.has(name))
      const lists = folders.map(async (prefix) => {
        const names = await this.#namesIn(join(folder, prefix))
        // A pack in the wrong folder can be neither loaded nor removed, by no client: it is not there.
        const here = names.filter((name) => name.startsWith(prefix))
        return await this.#sizes(join(folder, prefix), type, here)
      })
      return (await Promise.all(lists)).flat()
    })
  }

  async load(type: FileType, name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    assertObjectName(type, name)
    this.#assertOpen()
    return await this.#attemptOn(type, name, 'load', async () => {
      const file = await open(objectPath(this.#root, type, name), 'r')
      try {
        const wanted = resolveRange(type, name, (await file.stat()).size, range)
        // Not from Node's pool, so that the result owns its memory, and not filled with zeros first.
        const bytes = new Uint8Array(Buffer.allocUnsafeSlow(wanted.length).buffer)
        for (let done = 0; done < wanted.length;) {
          const { bytesRead } = await file.read(bytes, done, wanted.length - done, wanted.offset + done)
          if (bytesRead === 0) throw objectTooShort(type, name, wanted.offset + done, wanted)
          done += bytesRead
        }
        return bytes
      } finally {
        await file.close()
      }
    })
  }

  async save(type: FileType, name: string, bytes: Uint8Array, onTaken?: () => void): Promise<void> {
    assertObjectName(type, name)
    this.#assertOpen()
    const path = objectPath(this.#root, type, name)
    let taken = false
    const onWritten = (): void => {
      taken = true
      onTaken?.()
    }
    await this.#attempt(`save ${describeObject(type, name)}`, () =>
      this.#limit.run(async () => {
        try {
          await writeDurably(path, bytes, this.#modes.file, onWritten)
        } catch (error) {
          // Bytes that were taken cannot be written again: their memory may hold others by now.
          if (taken || systemErrorCode(error) !== 'ENOENT') throw error
          await this.#makeObjectFolder(type, name)
          await writeDurably(path, bytes, this.#modes.file, onWritten)
        }
      }),
    )
  }

  async remove(type: FileType, name: string): Promise<void> {
    assertObjectName(type, name)
    this.#assertOpen()
    await this.#attemptOn(type, name, 'remove', async () => {
      await unlink(objectPath(this.#root, type, name))
      if (FLUSHED_REMOVALS.has(type)) await flushFolder(objectFolder(this.#root, type, name))
    })
  }

  async stat(type: FileType, name: string): Promise<StoredFile | undefined> {
    assertObjectName(type, name)
    this.#assertOpen()
    const path = objectPath(this.#root, type, name)
    return await this.#attempt(`look for ${describeObject(type, name)}`, () =>
      this.#limit.run(() => sizeOf(path, name)),
    )
  }

  /** Removes temporary files that are left over from processes that died. */
  async reclaim(): Promise<void> {
    this.#assertOpen()
    await this.#attempt('remove left-over temporary files', async () => {
      const listed = LISTED_FILE_TYPES.map((type) => typeFolder(this.#root, type))
      const packs = PACK_FOLDERS.map((folder) => join(typeFolder(this.#root, 'pack'), folder))
      for (const folder of [this.#root, ...listed, ...packs]) {
        for (const name of await this.#namesIn(folder)) {
          if (isTemporaryName(name)) await removeIfAbandoned(join(folder, name))
        }
      }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #assertOpen(): void {
    if (this.#closed) throw storageClosed(this.location)
  }

  /** Makes a folder that is missing, but never the repository's own: where a disk was unplugged, nothing must appear. */
  async #makeObjectFolder(type: FileType, name: string): Promise<void> {
    const folders = new Set([typeFolder(this.#root, type), objectFolder(this.#root, type, name)])
    folders.delete(this.#root)
    for (const folder of folders) {
      try {
        await mkdir(folder, { mode: this.#modes.folder })
      } catch (error) {
        if (systemErrorCode(error) !== 'EEXIST') throw error
      }
      // Whether made here or by somebody who may have been killed since.
      await flushFolder(dirname(folder))
    }
  }

  /** Names in a folder; none where it is missing, as long as the repository itself is not. */
  async #namesIn(folder: string): Promise<readonly string[]> {
    try {
      return await this.#limit.run(() => readdir(folder))
    } catch (error) {
      const code = systemErrorCode(error)
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
      // A disk that was unplugged must not look like a repository without snapshots.
      await stat(this.#root)
      return []
    }
  }

  async #sizes(folder: string, type: FileType, fileNames: readonly string[]): Promise<readonly StoredFile[]> {
    const sizes = fileNames.map(async (fileName) => {
      const name = type === 'config' ? '' : fileName
      if (!isObjectName(type, name)) return undefined
      return await this.#limit.run(() => sizeOf(join(folder, fileName), name))
    })
    return (await Promise.all(sizes)).filter((file) => file !== undefined)
  }

  async #attemptOn<T>(type: FileType, name: string, verb: string, work: () => Promise<T>): Promise<T> {
    return await this.#attempt(`${verb} ${describeObject(type, name)}`, async () => {
      try {
        return await this.#limit.run(work)
      } catch (error) {
        if (systemErrorCode(error) === 'ENOENT') throw objectNotFound(type, name, this.location)
        throw error
      }
    })
  }

  async #attempt<T>(attempt: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw systemErrorCode(error) === undefined ? error : systemFailure(attempt, this.location, error)
    }
  }
}

async function placeOf(root: string): Promise<Place> {
  return { realRoot: await realpath(root), isLocal: await isOnLocalFileSystem(root) }
}

async function sizeOf(path: string, name: string): Promise<StoredFile | undefined> {
  try {
    const stats = await stat(path)
    return stats.isFile() ? { name, size: stats.size } : undefined
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await sizeOf(path, '')) !== undefined
}

async function removeIfAbandoned(path: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > ABANDONED_AFTER) await rm(path, { force: true })
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
  }
}
