import { VarveError, describeError, isVarveError, throwIfAborted } from '@varve/platform/errors'
import type { Storage, StoredFile } from '../storage/storage.ts'
import { BlobIndex } from './blob-index.ts'
import { openBlob } from './blob-opening.ts'
import type { BlobHandle, BlobLocation } from './blob.ts'
import { releaseNow } from '../release-now.ts'
import { sharedCompressor, type Compression } from './compression.ts'
import { idOf, parseId, type Id } from './id.ts'
import { inOrder } from './in-order.ts'
import { indexPacks } from './index-file.ts'
import type { MasterKey } from './master-key.ts'
import type { Tree } from './node.ts'
import type { IndexedRepository, OpenRepository, ReadIndexFile, RepositoryConfig, UnpackedType } from './repository.ts'
import { Sealer } from './sealing.ts'
import { decodeSnapshot, encodeSnapshot } from './snapshot-encoding.ts'
import type { Snapshot, StoredSnapshot } from './snapshot.ts'
import { timestampToNanoseconds } from './timestamp.ts'
import { decodeTree } from './tree-decoding.ts'
import { decodeUnpacked, decodeUnpackedElsewhere, encodeUnpacked } from './unpacked-object.ts'

/** Objects that are loaded at the same time: enough to hide a server's answer times. */
const CONCURRENT_LOADS = 8

/** As many of indexes, whose text takes megabytes. */
const CONCURRENT_INDEXES = 4

/** Bytes of an index file that name a blob, by the repository's version: more than they are, so that less room than needed is made at first. */
const BLOB_ENTRY = { 1: 160, 2: 56 } as const

/** What an open repository consists of. */
export interface RepositoryParts {
  readonly storage: Storage
  readonly config: RepositoryConfig
  readonly key: MasterKey
  readonly keyId: Id
  readonly compression: Compression
}

/** A repository with its key. `openRepository` and `createRepository` make them. */
export class SealedRepository implements OpenRepository {
  readonly storage: Storage
  readonly config: RepositoryConfig
  readonly key: MasterKey
  readonly keyId: Id
  readonly compression: Compression
  readonly #sealer: Sealer

  constructor(parts: RepositoryParts) {
    this.storage = parts.storage
    this.config = parts.config
    this.key = parts.key
    this.keyId = parts.keyId
    this.compression = parts.compression
    this.#sealer = new Sealer(parts.key)
  }

  async loadUnpacked(type: UnpackedType, id: Id): Promise<Uint8Array> {
    const bytes = await this.storage.load(type, type === 'config' ? '' : id)
    try {
      if (type !== 'config' && idOf(bytes) !== id) {
        throw new VarveError('ERR_VARVE_DAMAGED', 'its content does not have its hash')
      }
      const opened = this.#sealer.open(bytes)
      if (type === 'config') return opened
      if (type === 'index') return await decodeUnpackedElsewhere(opened, this.config.version)
      return decodeUnpacked(opened, this.config.version)
    } catch (error) {
      const name = type === 'config' ? 'the config' : `${type} ${id}`
      throw new VarveError('ERR_VARVE_DAMAGED', `${name} is damaged: ${describeError(error)}`, { cause: error })
    }
  }

  async saveUnpacked(type: UnpackedType, json: Uint8Array): Promise<Id> {
    if (type === 'config') throw new Error('a config is written once, when the repository is made')
    const encoded = encodeUnpacked(json, this.config.version, sharedCompressor(this.compression))
    const sealed = this.#sealer.seal(encoded)
    // Of an index, megabytes each.
    if (encoded !== json) releaseNow(encoded)
    const id = idOf(sealed)
    await this.storage.save(type, id, sealed)
    releaseNow(sealed)
    return id
  }

  async removeUnpacked(type: UnpackedType | 'pack' | 'key', id: Id): Promise<void> {
    await this.storage.remove(type, id)
  }

  async snapshots(onDamaged?: (error: VarveError) => void): Promise<readonly StoredSnapshot[]> {
    const snapshots: { readonly time: bigint; readonly snapshot: StoredSnapshot }[] = []
    const loads = inOrder(namesOf(await this.storage.list('snapshot')), CONCURRENT_LOADS, (id) => this.#trySnapshot(id))
    for await (const read of loads) {
      if (read === undefined) continue
      if (!isVarveError(read)) snapshots.push({ time: timestampToNanoseconds(read.time), snapshot: read })
      else if (onDamaged === undefined) throw read
      else onDamaged(read)
    }
    // They come in the order of their ids, which sorting keeps where times are equal.
    snapshots.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    return snapshots.map(({ snapshot }) => snapshot)
  }

  /** A snapshot, why it cannot be read, or undefined where it has gone. */
  async #trySnapshot(id: Id): Promise<StoredSnapshot | VarveError | undefined> {
    try {
      return await this.loadSnapshot(id)
    } catch (error) {
      if (isVarveError(error, 'ERR_VARVE_DAMAGED')) return error
      if (isVarveError(error, 'ERR_VARVE_NOT_FOUND')) return undefined
      throw error
    }
  }

  async loadSnapshot(id: Id): Promise<StoredSnapshot> {
    return decodeSnapshot(await this.loadUnpacked('snapshot', id), id)
  }

  async saveSnapshot(snapshot: Snapshot): Promise<Id> {
    return this.saveUnpacked('snapshot', encodeSnapshot(snapshot))
  }

  async loadIndex(signal?: AbortSignal): Promise<IndexedRepository> {
    const index = new BlobIndex()
    const files = await this.storage.list('index')
    index.reserve(Math.floor(files.reduce((sum, { size }) => sum + size, 0) / BLOB_ENTRY[this.config.version]))
    const loads = inOrder(namesOf(files), CONCURRENT_INDEXES, async (id) => {
      throwIfAborted(signal)
      return { id, json: await this.loadUnpacked('index', id) }
    })
    const indexFiles: ReadIndexFile[] = []
    for await (const { id, json } of loads) {
      throwIfAborted(signal)
      const file = indexFiles.length + 1
      const onlyPacks = indexPacks(json, id, {
        add: (pack) => index.add(pack, file),
        addRecords: (pack) => index.addRecords(pack, file),
      })
      indexFiles.push({ id, onlyPacks })
    }
    return new LoadedRepository(this, index, indexFiles)
  }

  async close(): Promise<void> {
    await this.storage.close()
  }
}

/** Names of objects, in order: what is made of them must not depend on how the storage lists. */
function namesOf(files: readonly StoredFile[]): readonly Id[] {
  return files.map(({ name }) => parseId(name)).toSorted()
}

/** A repository with its key and its index. */
class LoadedRepository extends SealedRepository implements IndexedRepository {
  readonly index: BlobIndex
  readonly indexFiles: readonly ReadIndexFile[]
  readonly #sealer: Sealer

  constructor(parts: RepositoryParts, index: BlobIndex, indexFiles: readonly ReadIndexFile[]) {
    super(parts)
    this.index = index
    this.indexFiles = indexFiles
    this.#sealer = new Sealer(parts.key)
  }

  async loadBlob(handle: BlobHandle): Promise<Uint8Array> {
    const { type, id } = handle
    let failure: unknown = new VarveError('ERR_VARVE_MISSING_BLOB', `${type} blob ${id} is in no index`)
    for (const location of this.index.lookupAll(type, id)) {
      try {
        return await this.#loadFrom(location)
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  async loadTree(id: Id): Promise<Tree> {
    return decodeTree(await this.loadBlob({ type: 'tree', id }), id)
  }

  async #loadFrom(location: BlobLocation): Promise<Uint8Array> {
    const { type, id, pack, offset, length } = location
    try {
      return openBlob(this.#sealer, await this.storage.load('pack', pack, { offset, length }), location)
    } catch (error) {
      if (!isVarveError(error)) throw error
      const code = error.code === 'ERR_VARVE_NOT_FOUND' ? 'ERR_VARVE_DAMAGED' : error.code
      throw new VarveError(code, `${type} blob ${id} in pack ${pack}: ${error.message}`, { cause: error })
    }
  }
}
