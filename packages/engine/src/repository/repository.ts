import type { ChunkerParameters } from '../chunking/chunker.ts'
import type { VarveError } from '@varve/platform/errors'
import type { Storage } from '../storage/storage.ts'
import type { BlobHandle } from './blob.ts'
import type { BlobIndex } from './blob-index.ts'
import type { Compression } from './compression.ts'
import type { Id } from './id.ts'
import type { Tree } from './node.ts'
import type { Snapshot, StoredSnapshot } from './snapshot.ts'
import type { MasterKey } from './master-key.ts'

/** What every client of a repository must agree on. */
export interface RepositoryConfig {
  readonly version: 1 | 2
  readonly id: string
  readonly chunkerPolynomial: bigint
  /** How files are cut; absent where the config asks for something that we cannot do, and nothing may be saved therefore. */
  readonly chunker?: ChunkerParameters
}

/** Objects that are one sealed JSON document each. */
export type UnpackedType = 'config' | 'lock' | 'snapshot' | 'index'

/**
 * A repository whose key has been opened. It can read and write snapshots and the other small objects; blobs need an
 * {@link IndexedRepository}.
 */
export interface OpenRepository {
  readonly storage: Storage
  readonly config: RepositoryConfig
  readonly key: MasterKey
  /** Id of the key object that the password opened. */
  readonly keyId: Id
  readonly compression: Compression

  /**
   * The JSON text of an object, its hash, seal and compression checked and undone.
   * @throws ERR_VARVE_DAMAGED naming the object, ERR_VARVE_NOT_FOUND, ERR_VARVE_STORAGE
   */
  loadUnpacked(type: UnpackedType, id: Id): Promise<Uint8Array>
  /** Compresses (version 2), seals and stores a JSON document; its id is the hash of what was stored. */
  saveUnpacked(type: UnpackedType, json: Uint8Array): Promise<Id>
  /** Removes an object. */
  removeUnpacked(type: UnpackedType | 'pack' | 'key', id: Id): Promise<void>

  /**
   * All snapshots, oldest first (by time, then id). One that is removed meanwhile is not among them.
   *
   * @param onDamaged - takes the error for each snapshot that cannot be read, which is left out then
   * @throws ERR_VARVE_DAMAGED for the first that cannot be read, where `onDamaged` is left out
   */
  snapshots(onDamaged?: (error: VarveError) => void): Promise<readonly StoredSnapshot[]>
  loadSnapshot(id: Id): Promise<StoredSnapshot>
  saveSnapshot(snapshot: Snapshot): Promise<Id>

  /** Reads all indexes. @throws ERR_VARVE_DAMAGED for an index that cannot be read */
  loadIndex(signal?: AbortSignal): Promise<IndexedRepository>
  /** Closes the storage. Idempotent. */
  close(): Promise<void>
}

/** An index file that was read. */
export interface ReadIndexFile {
  readonly id: Id
  /** Packs are all that it describes: neither files that it supersedes (restic before 0.10) nor packs to delete (rustic). */
  readonly onlyPacks: boolean
}

/** A repository whose index is in memory: it can read blobs. */
export interface IndexedRepository extends OpenRepository {
  readonly index: BlobIndex
  /** The files that the index was read from. The index numbers them from 1 on, in this order. */
  readonly indexFiles: readonly ReadIndexFile[]
  /**
   * The content of a blob, verified against its id. Tries every place that the index names before it fails.
   * @throws ERR_VARVE_MISSING_BLOB, ERR_VARVE_DAMAGED naming the blob and its pack
   */
  loadBlob(handle: BlobHandle): Promise<Uint8Array>
  /** A folder's entries. @throws as `loadBlob`; ERR_VARVE_DAMAGED where the blob is no valid tree */
  loadTree(id: Id): Promise<Tree>
}
