import { VarveError, describeError } from '@varve/platform/errors'
import type { Storage } from '../storage/storage.ts'
import { SEAL_OVERHEAD, type PackedBlob } from './blob.ts'
import { ID_SIZE, idFromBytes, shortId, type Id } from './id.ts'
import type { PackedBlobs } from './packed-blobs.ts'
import type { Sealer } from './sealing.ts'

/** Bytes of the number at a pack's end: the length of the sealed header before it. */
const LENGTH_SIZE = 4
const PLAIN_ENTRY_SIZE = 1 + 4 + ID_SIZE
const COMPRESSED_ENTRY_SIZE = PLAIN_ENTRY_SIZE + 4
/** Bytes that a sealed header may have; restic reads no longer one. */
const MAX_SEALED_HEADER = 16 * 1024 * 1024
/** Entries that the first read of a header brings along: for most packs of large files it is the only one. */
const EAGER_ENTRIES = 15

/** Most blobs that a pack can hold. */
export const MAX_PACK_BLOBS = Math.floor((MAX_SEALED_HEADER - SEAL_OVERHEAD) / COMPRESSED_ENTRY_SIZE)

/** Bytes that a pack needs after its blobs: the sealed header and its length. */
export function packHeaderSize(blobs: Iterable<Pick<PackedBlob, 'uncompressedLength'>>): number {
  let size = SEAL_OVERHEAD + LENGTH_SIZE
  for (const blob of blobs) size += packEntrySize(blob.uncompressedLength !== 0)
  return size
}

/** Bytes that a blob takes in the header. */
export function packEntrySize(compressed: boolean): number {
  return compressed ? COMPRESSED_ENTRY_SIZE : PLAIN_ENTRY_SIZE
}

/** A pack's header, not sealed yet: its blobs in the order in which they lie. */
export function encodePackHeader(blobs: PackedBlobs): Buffer {
  const header = Buffer.allocUnsafeSlow(blobs.count * COMPRESSED_ENTRY_SIZE)
  let at = 0
  for (let blob = 0; blob < blobs.count; blob++) {
    const uncompressedLength = blobs.uncompressedLength(blob)
    const compressed = uncompressedLength !== 0
    at = header.writeUInt8(kindOf(blobs, blob), at)
    at = header.writeUInt32LE(blobs.length(blob), at)
    if (compressed) at = header.writeUInt32LE(uncompressedLength, at)
    blobs.copyId(blob, header, at)
    at += ID_SIZE
  }
  return header.subarray(0, at)
}

/** What a header's entry begins with. */
function kindOf(blobs: PackedBlobs, blob: number): number {
  return (blobs.type(blob) === 'data' ? 0 : 1) + (blobs.uncompressedLength(blob) === 0 ? 0 : 2)
}

/**
 * The blobs that an opened header names. Offsets follow from the lengths: blobs lie without gaps from the start of the pack.
 *
 * @param header - after the seal was opened
 * @param bodySize - bytes of the pack before its header
 * @throws ERR_VARVE_DAMAGED where it is no header, or its blobs do not fill the pack exactly; the caller names the pack
 */
export function decodePackHeader(header: Uint8Array, bodySize: number): readonly PackedBlob[] {
  const view = Buffer.from(header.buffer, header.byteOffset, header.byteLength)
  const blobs: PackedBlob[] = []
  let offset = 0
  for (let at = 0; at < view.length;) {
    const kind = view.readUInt8(at)
    if (kind > 3) throw damaged(`its header has an entry of the unknown kind ${kind}`)
    const compressed = kind >= 2
    if (at + packEntrySize(compressed) > view.length) throw damaged('its header ends within an entry')
    const length = view.readUInt32LE(at + 1)
    const uncompressedLength = compressed ? view.readUInt32LE(at + 5) : 0
    if (length < SEAL_OVERHEAD) throw damaged(`its header has a blob of only ${length} bytes`)
    if (offset + length > bodySize) throw damaged('its header names more bytes than it has')
    const id = idFromBytes(view, at + (compressed ? 9 : 5))
    blobs.push({ type: (kind & 1) === 0 ? 'data' : 'tree', id, offset, length, uncompressedLength })
    offset += length
    at += packEntrySize(compressed)
  }
  if (offset !== bodySize) throw damaged(`its header names ${offset} bytes of blobs and there are ${bodySize}`)
  return blobs
}

/**
 * The blobs of a pack whose bytes are at hand, by its header.
 *
 * @param bytes - the end of the pack, or all of it
 * @param packSize - bytes of the pack
 * @returns undefined where `bytes` do not reach back far enough; `headerSizeOf` says how far that is
 * @throws ERR_VARVE_DAMAGED naming the pack
 */
export function parsePackHeader(
  sealer: Sealer,
  pack: Id,
  bytes: Uint8Array,
  packSize: number,
): readonly PackedBlob[] | undefined {
  return namingPack(pack, () => {
    const opened = openPackHeader(sealer, bytes, packSize)
    return opened && decodePackHeader(opened.header, opened.bodySize)
  })
}

/**
 * Whether a pack whose bytes are at hand has just these blobs, by its header: as {@link parsePackHeader} would give them, without making any objects.
 *
 * @returns undefined as there
 * @throws ERR_VARVE_DAMAGED naming the pack; not for everything that is wrong with a header
 */
export function hasPackHeader(
  sealer: Sealer,
  pack: Id,
  bytes: Uint8Array,
  packSize: number,
  blobs: PackedBlobs,
): boolean | undefined {
  return namingPack(pack, () => {
    const opened = openPackHeader(sealer, bytes, packSize)
    return opened && isHeaderOf(opened, blobs)
  })
}

interface OpenedHeader {
  readonly header: Buffer
  /** Bytes of the pack before it. */
  readonly bodySize: number
}

function openPackHeader(sealer: Sealer, bytes: Uint8Array, packSize: number): OpenedHeader | undefined {
  const size = headerSizeOf(bytes, packSize)
  if (size > bytes.length) return undefined
  const header = sealer.open(bytes.subarray(bytes.length - size, bytes.length - LENGTH_SIZE))
  return { header, bodySize: packSize - size }
}

function isHeaderOf({ header, bodySize }: OpenedHeader, blobs: PackedBlobs): boolean {
  let at = 0
  let offset = 0
  for (let blob = 0; blob < blobs.count; blob++) {
    const uncompressedLength = blobs.uncompressedLength(blob)
    const idAt = at + (uncompressedLength === 0 ? 5 : 9)
    if (idAt + ID_SIZE > header.length || blobs.offset(blob) !== offset) return false
    const length = blobs.length(blob)
    if (header[at] !== kindOf(blobs, blob)) return false
    if (header.readUInt32LE(at + 1) !== length) return false
    if (uncompressedLength !== 0 && header.readUInt32LE(at + 5) !== uncompressedLength) return false
    if (!blobs.hasIdAt(blob, header, idAt)) return false
    offset += length
    at = idAt + ID_SIZE
  }
  return at === header.length && offset === bodySize
}

/**
 * The blobs of a stored pack, by its header: read from the pack's end, in most cases at once.
 *
 * @param size - bytes of the pack
 * @throws ERR_VARVE_DAMAGED naming the pack, ERR_VARVE_NOT_FOUND, ERR_VARVE_STORAGE
 */
export async function readPackHeader(
  storage: Storage,
  sealer: Sealer,
  pack: Id,
  size: number,
): Promise<readonly PackedBlob[]> {
  const eager = Math.min(size, SEAL_OVERHEAD + LENGTH_SIZE + EAGER_ENTRIES * COMPRESSED_ENTRY_SIZE)
  const end = await storage.load('pack', pack, { offset: size - eager, length: eager })
  const blobs = parsePackHeader(sealer, pack, end, size)
  if (blobs !== undefined) return blobs
  const length = namingPack(pack, () => headerSizeOf(end, size))
  const whole = await storage.load('pack', pack, { offset: size - length, length })
  const all = parsePackHeader(sealer, pack, whole, size)
  if (all === undefined) throw damaged(`pack ${shortId(pack)} changed while it was read`)
  return all
}

/** Bytes of the sealed header and its length, by the pack's last four bytes. */
function headerSizeOf(end: Uint8Array, packSize: number): number {
  if (end.length < LENGTH_SIZE) throw damaged(`it has only ${packSize} bytes`)
  const sealed = Buffer.from(end.buffer, end.byteOffset, end.byteLength).readUInt32LE(end.length - LENGTH_SIZE)
  if (sealed < SEAL_OVERHEAD + PLAIN_ENTRY_SIZE) throw damaged(`its header cannot have ${sealed} bytes`)
  if (sealed > MAX_SEALED_HEADER) throw damaged(`its header is said to have ${sealed} bytes, which is too much`)
  if (sealed + LENGTH_SIZE > packSize) throw damaged(`its header is said to have more bytes than the pack`)
  return sealed + LENGTH_SIZE
}

function damaged(message: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', message)
}

function namingPack<T>(pack: Id, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new VarveError('ERR_VARVE_DAMAGED', `pack ${pack} is damaged: ${describeError(error)}`, { cause: error })
  }
}
