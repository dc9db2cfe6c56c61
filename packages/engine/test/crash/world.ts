import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { isVarveError } from '@varve/platform/errors'
import { createRepository } from '../../src/repository/create-repository.ts'
import type { Id } from '../../src/repository/id.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import type { IndexedRepository, OpenRepository } from '../../src/repository/repository.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import { TreeLoader } from '../../src/repository/tree-loader.ts'
import { findPath } from '../../src/history/find-path.ts'
import { DirectoryStorage } from '../../src/storage/directory.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { SqliteStorage } from '../../src/storage/sqlite.ts'
import { LISTED_FILE_TYPES, type Storage } from '../../src/storage/storage.ts'
import { snapshot } from '../../src/snapshot/snapshot.ts'
import { CHEAP_KDF, FIXTURE_PASSWORD, POLYNOMIAL } from '../fixtures/repository-fixture.ts'
import { folderState, type FolderState } from './folder-state.ts'
import { writeSource, type SourceState } from './source-states.ts'

/** Where a repository lies, and what is needed to have the same twice. */
export interface StorageKind {
  readonly name: string
  /** Where the repository is in a world's folder. */
  readonly place: string
  /** Storage for a new repository. */
  create(root: string): Promise<Storage>
  /** One more handle to a world's storage, as another process would have. */
  open(root: string): Promise<Storage>
  /** Gives a new world, whose folder is a copy of another one's, the same objects. */
  copy(from: string, to: string): Promise<void>
}

const memories = new Map<string, MemoryStorage>()

/** Frees the objects of all worlds in memory. */
export function forgetMemories(): void {
  memories.clear()
}

/** The objects of each world lie in this process; `forgetMemories` frees them. */
export const IN_MEMORY: StorageKind = {
  name: 'memory',
  place: '',
  create: async (root) => {
    const storage = memories.get(root) ?? new MemoryStorage()
    memories.set(root, storage)
    return new MemoryStorage(storage)
  },
  open: async (root) => new MemoryStorage(memories.get(root)),
  copy: async (from, to) => {
    const copy = new MemoryStorage()
    const storage = new MemoryStorage(memories.get(from))
    for (const type of ['config', ...LISTED_FILE_TYPES] as const)
      for (const { name } of await storage.list(type)) await copy.save(type, name, await storage.load(type, name))
    memories.set(to, copy)
  },
}

/** A folder in each world's folder. */
export const IN_DIRECTORY: StorageKind = {
  name: 'directory',
  place: 'repository',
  create: (root) => DirectoryStorage.create(join(root, 'repository')),
  open: (root) => DirectoryStorage.open(join(root, 'repository')),
  copy: async () => undefined,
}

/** A database in each world's folder. */
export const IN_SQLITE: StorageKind = {
  name: 'sqlite',
  place: 'backups.db',
  create: (root) => SqliteStorage.create(join(root, 'backups.db')),
  open: (root) => SqliteStorage.open(join(root, 'backups.db')),
  copy: async () => undefined,
}

/** What is known of a snapshot that was reported as saved. */
export interface KnownSnapshot {
  /** Of the source, as {@link contentId} tells. */
  readonly content: Id
  readonly state: FolderState
}

/** A repository, a folder to restore to, and what was reported about them: all that a crash leaves behind. The source is not harmed by it. */
export class World {
  /** Holds the storage and the target. */
  readonly root: string
  readonly kind: StorageKind
  /** Whose snapshots are taken; the same for all copies. */
  readonly source: string
  /** Snapshots that were reported as saved. */
  readonly known = new Map<Id, KnownSnapshot>()
  /** Those of them that the command to be interrupted is to remove. */
  readonly leaving = new Set<Id>()

  /** @param root - an empty folder */
  constructor(root: string, kind: StorageKind, source: string) {
    this.root = root
    this.kind = kind
    this.source = source
  }

  /** Where restores go. */
  get target(): string {
    return join(this.root, 'target')
  }

  /** Makes the repository, whose password takes no time to try. */
  async makeRepository(storage?: Storage): Promise<void> {
    const options = { password: FIXTURE_PASSWORD, kdf: CHEAP_KDF, chunkerPolynomial: POLYNOMIAL }
    const repository = await createRepository({ storage: storage ?? (await this.kind.create(this.root)), ...options })
    await repository.close()
  }

  /** Whether there is a repository, as far as a storage that can be opened says. */
  async hasRepository(): Promise<boolean> {
    try {
      const storage = await this.kind.open(this.root)
      const config = await storage.stat('config', '')
      await storage.close()
      return config !== undefined
    } catch (error) {
      if (isVarveError(error, 'ERR_VARVE_NO_REPOSITORY')) return false
      throw error
    }
  }

  /** Opens the repository for as long as something takes. */
  async withRepository<T>(task: (repository: OpenRepository) => Promise<T>, storage?: Storage): Promise<T> {
    const used = storage ?? (await this.kind.open(this.root))
    try {
      return await task(await openRepository({ storage: used, password: FIXTURE_PASSWORD }))
    } finally {
      await used.close()
    }
  }

  /** Brings the source to a state and takes a snapshot of it. */
  async takeKnownSnapshot(state: SourceState): Promise<Id> {
    writeSource(this.source, state)
    return this.withRepository(async (repository) => {
      const taken = await snapshot(repository, { paths: [this.source], workers: 1, noLock: true, host: 'host' })
      if (taken.snapshot === undefined) throw new Error('no snapshot was made')
      const { id } = taken.snapshot
      const content = await contentId(await repository.loadIndex(), taken.snapshot, this.source)
      this.known.set(id, { content, state: folderState(this.source) })
      return id
    })
  }

  /** The same world once more, at another place that does not exist yet. */
  async copyTo(root: string): Promise<World> {
    cpSync(this.root, root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
    await this.kind.copy(this.root, root)
    return this.at(root)
  }

  /** What is known of this world, for a folder that something else has filled. */
  at(root: string): World {
    const copy = new World(root, this.kind, this.source)
    for (const [id, known] of this.known) copy.known.set(id, known)
    for (const id of this.leaving) copy.leaving.add(id)
    return copy
  }
}

/**
 * The tree of a source in a snapshot. Two that are equal hold the same, name by name and byte by byte, where all data was checked; the trees above are
 * not equal, since the folders that the source lies in change all the time.
 */
export async function contentId(repository: IndexedRepository, snapshot: StoredSnapshot, source: string): Promise<Id> {
  const node = await findPath(new TreeLoader(repository), snapshot, source)
  if (node?.subtree === undefined) throw new Error(`snapshot ${snapshot.id} has no folder '${source}'`)
  return node.subtree
}

/** All storages. */
export const STORAGE_KINDS: readonly StorageKind[] = [IN_MEMORY, IN_DIRECTORY, IN_SQLITE]
