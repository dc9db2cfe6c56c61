import { isVarveError, VarveError } from '@varve/platform/errors'
import type { BlobIndex } from './blob-index.ts'
import type { BlobLocation } from './blob.ts'
import { shortId, type Id } from './id.ts'
import type { MasterKey } from './master-key.ts'
import type { Tree } from './node.ts'
import { Sealer } from './sealing.ts'
import { openBlob } from './blob-opening.ts'
import { decodeEntries, decodeTree } from './tree-decoding.ts'
import type { TreeEntries } from './tree-entries.ts'
import { TreeGroup } from './tree-group.ts'
import type { Storage } from '../storage/storage.ts'

/**
 * Bytes read at once. Folders that belong together lie together in their pack, because a folder is stored when the last of its entries
 * is: reading a piece of the pack around one of them saves most reads that a walk would make.
 */
const PIECE_SIZE = 1 << 20

/** Pieces kept, the ones used last: 16 MiB, twice as many as a walk through one snapshot was seen to come back to. */
const KEPT_PIECES = 16

/** What is needed to read trees: a loaded repository has it. */
export interface TreeSource {
  readonly storage: Storage
  readonly key: MasterKey
  readonly index: BlobIndex
}

/** Reads many trees with few reads, by keeping the pieces of packs that it has read last. Calls may run concurrently. */
export class TreeLoader {
  readonly index: BlobIndex
  readonly #storage: Storage
  readonly #sealer: Sealer
  readonly #group: TreeGroup
  readonly #pieces = new Map<string, Promise<Uint8Array>>()
  readonly #packSizes = new Map<Id, Promise<number>>()

  constructor(source: TreeSource) {
    this.index = source.index
    this.#storage = source.storage
    this.#sealer = new Sealer(source.key)
    this.#group = new TreeGroup(source.key)
  }

  /**
   * A folder's entries. Tries every place that the index names before it fails.
   * @throws ERR_VARVE_MISSING_BLOB, ERR_VARVE_DAMAGED naming the tree and its pack, ERR_VARVE_NOT_FOUND for a pack that is gone, ERR_VARVE_STORAGE
   */
  async load(id: Id): Promise<Tree> {
    return this.#load(id, decodeTree)
  }

  /** As {@link load}, for those who want few of the entries as nodes. */
  async loadEntries(id: Id): Promise<TreeEntries> {
    return this.#load(id, decodeEntries)
  }

  /**
   * Takes the entries of many folders, as {@link loadEntries} gives them: in order, but for those that are large or not sound where the index names them
   * first, which come last.
   *
   * @param use - gets entries, which are valid as long as it runs
   * @param failed - is told of a folder that cannot be read, by what {@link load} throws
   */
  async useEntries(
    ids: readonly Id[],
    use: (id: Id, entries: TreeEntries) => void,
    failed: (id: Id, error: VarveError) => void,
  ): Promise<void> {
    const left = new Set(ids)
    const small = ids.map((id) => this.index.lookup('tree', id)).filter(isInPieces)
    const sealed = await Promise.all(small.map((place) => this.#read(place).catch(() => undefined)))
    for (const [at, place] of small.entries()) {
      const bytes = sealed[at]
      if (bytes !== undefined) this.#group.add(place, bytes)
    }
    this.#group.open((id, entries) => {
      left.delete(id)
      use(id, entries)
    })
    for (const id of left) {
      const entries = await this.#entriesOrWhyNot(id)
      if (isVarveError(entries)) failed(id, entries)
      else use(id, entries)
    }
  }

  async #entriesOrWhyNot(id: Id): Promise<TreeEntries | VarveError> {
    try {
      return await this.loadEntries(id)
    } catch (error) {
      if (isVarveError(error)) return error
      throw error
    }
  }

  async #load<T>(id: Id, decode: (bytes: Uint8Array, id: Id) => T): Promise<T> {
    const places = this.index.lookupAll('tree', id)
    let failure: VarveError | undefined
    for (const place of places) {
      try {
        return decode(openBlob(this.#sealer, await this.#read(place), place), id)
      } catch (error) {
        if (!isVarveError(error)) throw error
        failure = new VarveError(error.code, `folder ${id} in pack ${shortId(place.pack)}: ${error.message}`, {
          cause: error,
        })
      }
    }
    throw failure ?? new VarveError('ERR_VARVE_MISSING_BLOB', `folder ${id} is in no index`)
  }

  async #read(place: BlobLocation): Promise<Uint8Array> {
    const { offset, length, pack } = place
    if (!isInPieces(place)) return this.#storage.load('pack', pack, { offset, length })
    const first = Math.floor(offset / PIECE_SIZE)
    const start = offset - first * PIECE_SIZE
    const head = (await this.#piece(pack, first)).subarray(start, start + length)
    if (head.length === length) return head
    const tail = (await this.#piece(pack, first + 1)).subarray(0, length - head.length)
    if (head.length + tail.length < length) throw new VarveError('ERR_VARVE_DAMAGED', 'the pack ends before it')
    return Buffer.concat([head, tail])
  }

  #piece(pack: Id, number: number): Promise<Uint8Array> {
    const name = `${pack}/${number}`
    const kept = this.#pieces.get(name)
    if (kept !== undefined) {
      this.#pieces.delete(name)
      this.#pieces.set(name, kept)
      return kept
    }
    const piece = this.#loadPiece(pack, number)
    this.#pieces.set(name, piece)
    piece.catch(() => this.#pieces.delete(name))
    if (this.#pieces.size > KEPT_PIECES) {
      const [oldest] = this.#pieces.keys()
      if (oldest !== undefined) this.#pieces.delete(oldest)
    }
    return piece
  }

  async #loadPiece(pack: Id, number: number): Promise<Uint8Array> {
    let size = this.#packSizes.get(pack)
    if (size === undefined) {
      size = this.#sizeOf(pack)
      this.#packSizes.set(pack, size)
      size.catch(() => this.#packSizes.delete(pack))
    }
    const offset = number * PIECE_SIZE
    const length = Math.min(PIECE_SIZE, (await size) - offset)
    if (length <= 0) return new Uint8Array(0)
    return this.#storage.load('pack', pack, { offset, length })
  }

  async #sizeOf(pack: Id): Promise<number> {
    const file = await this.#storage.stat('pack', pack)
    if (file === undefined) throw new VarveError('ERR_VARVE_NOT_FOUND', 'the pack is missing')
    return file.size
  }
}

/** Whether a tree is read with what lies around it, as all but very large ones are. */
function isInPieces(place: BlobLocation | undefined): place is BlobLocation {
  return place !== undefined && place.length <= PIECE_SIZE / 2
}
