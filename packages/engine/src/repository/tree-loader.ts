import { VarveError } from '../errors.ts'
import type { BlobLocation } from './blob.ts'
import { decompress } from './compression.ts'
import { idOf, shortId, type Id } from './id.ts'
import type { Tree } from './node.ts'
import type { IndexedRepository } from './repository.ts'
import { Sealer } from './sealing.ts'
import { decodeTree } from './tree-decoding.ts'

/** Bytes of packs that are kept in memory. */
const CACHE_BYTES = 32 * 1024 * 1024
/** A pack is read as a whole when trees make up at least this part of it; a repository of version 1 mixes them with data. */
const WORTHWHILE_SHARE = 0.5

interface CachedPack {
  readonly bytes: Uint8Array | undefined
}

/**
 * Loads many trees. Trees that are visited together were mostly written together, so that whole packs of them are read at once and a
 * few are kept, instead of one read a tree.
 */
export class TreeLoader {
  readonly #repository: IndexedRepository
  readonly #sealer: Sealer
  /** Least recently used first. */
  readonly #packs = new Map<Id, CachedPack>()
  #cachedBytes = 0

  constructor(repository: IndexedRepository) {
    this.#repository = repository
    this.#sealer = new Sealer(repository.key)
  }

  /**
   * The entries of a tree, verified against its id.
   * @throws ERR_VARVE_MISSING_BLOB, ERR_VARVE_DAMAGED, ERR_VARVE_STORAGE
   */
  async load(id: Id): Promise<Tree> {
    const location = this.#repository.index.lookup('tree', id)
    if (location === undefined) {
      throw new VarveError('ERR_VARVE_MISSING_BLOB', `tree ${shortId(id)} is in no index`, {
        hint: 'Run `varve check` to see what is missing.',
      })
    }
    const pack = await this.#pack(location.pack)
    const plain = pack.bytes === undefined ? undefined : this.#open(pack.bytes, location)
    // The repository knows further places of the blob and says exactly what is wrong with them.
    return plain === undefined ? this.#repository.loadTree(id) : decodeTree(plain, id)
  }

  #open(pack: Uint8Array, location: BlobLocation): Uint8Array | undefined {
    try {
      const opened = this.#sealer.open(pack.subarray(location.offset, location.offset + location.length))
      const plain = location.uncompressedLength === 0 ? opened : decompress(opened, location.uncompressedLength)
      return idOf(plain) === location.id ? plain : undefined
    } catch (error) {
      if (error instanceof VarveError) return undefined
      throw error
    }
  }

  async #pack(id: Id): Promise<CachedPack> {
    const cached = this.#packs.get(id)
    if (cached !== undefined) {
      this.#packs.delete(id)
      this.#packs.set(id, cached)
      return cached
    }
    const pack = { bytes: await this.#read(id) }
    this.#packs.set(id, pack)
    this.#cachedBytes += pack.bytes?.length ?? 0
    for (const [oldest, { bytes }] of this.#packs) {
      if (this.#cachedBytes <= CACHE_BYTES || oldest === id) break
      this.#packs.delete(oldest)
      this.#cachedBytes -= bytes?.length ?? 0
    }
    return pack
  }

  /** The part of a pack that holds its blobs; undefined where trees are too small a part of it or it cannot be read. */
  async #read(id: Id): Promise<Uint8Array | undefined> {
    let end = 0
    let treeBytes = 0
    for (const { type, offset, length } of this.#repository.index.pack(id)?.blobs ?? []) {
      end = Math.max(end, offset + length)
      if (type === 'tree') treeBytes += length
    }
    if (treeBytes < end * WORTHWHILE_SHARE || end > CACHE_BYTES) return undefined
    try {
      return await this.#repository.storage.load('pack', id, { offset: 0, length: end })
    } catch (error) {
      if (error instanceof VarveError) return undefined
      throw error
    }
  }
}
