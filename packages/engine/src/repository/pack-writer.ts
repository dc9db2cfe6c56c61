import { createHash } from 'node:crypto'
import { SEAL_OVERHEAD, type BlobType, type PackedBlob } from './blob.ts'
import { compressBound, sharedCompressor, type Compressor } from './compression.ts'
import type { Id } from './id.ts'
import type { IndexedPack } from './index-file.ts'
import { MAX_PACK_BLOBS, encodePackHeader, packEntrySize, packHeaderSize } from './pack-header.ts'
import type { PackMemory } from './pack-memory.ts'
import { PackedBlobs } from './packed-blobs.ts'
import { SHORT_INPUT } from './ctr-cipher.ts'
import { NONCE_SIZE, Sealer } from './sealing.ts'
import type { WorkerRepository } from './worker-repository.ts'

/** Bytes at which a pack is full: restic's default. */
export const PACK_SIZE = 16 * 1024 * 1024

/** The largest blob that a chunker makes, before sealing: a writer has room for one on top of a pack that is nearly full. */
const MAX_ORDINARY_BLOB = 8 * 1024 * 1024

/** Bytes that are hashed at once while a pack fills: few calls, and the bytes are still in the processor's cache. */
const HASH_STEP = 128 * 1024

/** A pack that is ready to be stored. */
export interface FinishedPack<Memory extends ArrayBufferLike = ArrayBuffer> {
  readonly id: Id
  /** The whole pack, at the start of the memory that the writer was given for it. */
  readonly bytes: Uint8Array<Memory>
  /** What the index is to say of it. */
  readonly indexed: IndexedPack
}

/** Where a blob went, and what it takes there. */
export type AddedBlob = Pick<PackedBlob, 'offset' | 'length' | 'uncompressedLength'>

/**
 * Fills packs with blobs of one kind, one pack after the other: compresses, seals, and hashes the pack as it grows.
 *
 * Version 2 compresses trees always and data unless told not to. Data that does not get smaller is stored as it is: restic stores the
 * larger frame, but reads either, and a restore need not decompress it.
 */
export class PackWriter<Memory extends ArrayBufferLike = ArrayBuffer> {
  readonly #type: BlobType
  readonly #sealer: Sealer
  readonly #compressor: Compressor | undefined
  readonly #memory: PackMemory<Memory>
  #bytes: Uint8Array<Memory> | undefined
  #size = 0
  #headerSize = packHeaderSize([])
  #hash = createHash('sha256')
  #hashed = 0
  readonly #blobs = new PackedBlobs()
  /** The last blobs, whose text is in its place and waits to be sealed with others: short ones. */
  #unsealed: AddedBlob[] = []

  /**
   * @param type - what the packs hold: data and trees never share one
   * @param repository - what to seal and compress with
   * @param memory - where packs are filled; {@link FRESH_PACK_MEMORY} gives each its own
   */
  constructor(
    type: BlobType,
    repository: Pick<WorkerRepository, 'version' | 'key' | 'compression'>,
    memory: PackMemory<Memory>,
  ) {
    this.#memory = memory
    this.#type = type
    this.#sealer = new Sealer(repository.key)
    const compresses = repository.version >= 2 && (type === 'tree' || repository.compression !== 'off')
    this.#compressor = compresses ? sharedCompressor(repository.compression) : undefined
  }

  /** Bytes that the pack would have if it were finished now. */
  get size(): number {
    return this.#size + this.#headerSize
  }

  /** Whether the pack holds nothing yet. */
  get empty(): boolean {
    return this.#blobs.count === 0
  }

  /** Whether the pack should be finished before the next blob. */
  get full(): boolean {
    return this.size >= PACK_SIZE || this.#blobs.count >= MAX_PACK_BLOBS
  }

  /**
   * Whether a blob should go into this pack. One that is larger than a pack should have its own, so that it is
   * fetched and removed on its own: finish this one first. (A blob that is added nevertheless is stored correctly.)
   */
  fits(plainLength: number): boolean {
    return this.empty || plainLength + SEAL_OVERHEAD < PACK_SIZE
  }

  /**
   * Appends a blob.
   *
   * @param id - the SHA-256 of `plain`, which is not checked
   * @param plain - its content
   */
  add(id: Id, plain: Uint8Array): AddedBlob {
    const compressor = plain.length === 0 ? undefined : this.#compressor
    const bound = compressor === undefined ? plain.length : compressBound(plain.length)
    const bytes = this.#room(bound + SEAL_OVERHEAD)
    // The frame is made where its ciphertext will be.
    const start = this.#size + NONCE_SIZE
    const frameLength = compressor?.compressInto(plain, bytes, start)
    const compressed = frameLength !== undefined && (frameLength < plain.length || this.#type === 'tree')
    const storedLength = compressed ? frameLength : plain.length
    const uncompressedLength = compressed ? plain.length : 0
    if (storedLength <= SHORT_INPUT) {
      if (!compressed) bytes.set(plain, start)
      const blob = this.#record(id, storedLength + SEAL_OVERHEAD, uncompressedLength)
      this.#unsealed.push(blob)
      this.#hashWhenDue()
      return blob
    }
    const stored = compressed ? bytes.subarray(start, start + frameLength) : plain
    const blob = this.#record(id, this.#sealer.sealInto(stored, bytes, this.#size), uncompressedLength)
    this.#hashWhenDue()
    return blob
  }

  /**
   * Appends a blob as it lies in another pack of the same repository. Nothing of it is checked.
   *
   * @param sealed - its bytes in that pack
   * @param uncompressedLength - as that pack's header has it: 0 where it is not compressed
   */
  addSealed(id: Id, sealed: Uint8Array, uncompressedLength: number): AddedBlob {
    this.#room(sealed.length).set(sealed, this.#size)
    const blob = this.#record(id, sealed.length, uncompressedLength)
    this.#hashWhenDue()
    return blob
  }

  /** Takes the bytes that were put at the end of the pack into its header. */
  #record(id: Id, length: number, uncompressedLength: number): AddedBlob {
    const offset = this.#size
    this.#blobs.add(this.#type, id, offset, length, uncompressedLength)
    this.#size += length
    this.#headerSize += packEntrySize(uncompressedLength !== 0)
    return { offset, length, uncompressedLength }
  }

  #hashWhenDue(): void {
    if (this.#size - this.#hashed >= HASH_STEP) this.#hashUpTo(this.#size)
  }

  /** Adds the header and hands the pack over; the writer then starts the next one. */
  finish(): FinishedPack<Memory> {
    if (this.empty) throw new Error('an empty pack cannot be finished')
    const header = encodePackHeader(this.#blobs)
    const room = this.#room(0)
    const sealedLength = this.#sealer.sealInto(header, room, this.#size)
    new DataView(room.buffer, room.byteOffset).setUint32(this.#size + sealedLength, sealedLength, true)
    const size = this.#size + sealedLength + 4
    this.#hashUpTo(size)
    const id = this.#hash.digest('hex') as Id
    const indexed = { id, records: this.#blobs.records, blobs: this.#blobs.count }
    this.#bytes = undefined
    this.#blobs.clear()
    this.#size = 0
    this.#headerSize = packHeaderSize([])
    this.#hash = createHash('sha256')
    this.#hashed = 0
    return { id, bytes: room.subarray(0, size), indexed }
  }

  #hashUpTo(end: number): void {
    if (this.#bytes === undefined) return
    if (this.#unsealed.length > 0) {
      this.#sealer.sealTogether(this.#bytes, this.#unsealed)
      this.#unsealed = []
    }
    this.#hash.update(this.#bytes.subarray(this.#hashed, end))
    this.#hashed = end
  }

  /** The pack's bytes, with room for `length` more and the header after them. */
  #room(length: number): Uint8Array<Memory> {
    this.#bytes ??= this.#memory.allocate(PACK_CAPACITY)
    const needed = this.#size + length + this.#headerSize + packEntrySize(true)
    if (this.#bytes.length < needed) {
      const grown = this.#memory.allocate(needed)
      grown.set(this.#bytes.subarray(0, this.#size))
      this.#memory.release(this.#bytes)
      this.#bytes = grown
    }
    return this.#bytes
  }
}

/** Bytes of memory for a pack. Nothing but an oversize blob needs more: a pack is full at {@link PACK_SIZE}, header included. */
export const PACK_CAPACITY = PACK_SIZE + compressBound(MAX_ORDINARY_BLOB) + SEAL_OVERHEAD + packEntrySize(true)
