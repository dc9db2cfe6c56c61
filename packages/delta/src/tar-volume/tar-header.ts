import { nameFromBytes } from '@varve/platform/file-name'

/** Bytes of a block: headers are one, content is filled up to whole ones. */
export const BLOCK = 512

/** Bytes of the fields for the name and for the folder before it. */
const NAME_BYTES = 100
const PREFIX_BYTES = 155

/** Bytes of the fields for names of owners, with the NUL at their end. */
const OWNER_BYTES = 32

/** The greatest numbers that the fields hold in octal. */
const MOST_ID = 0o7777777
const MOST_SIZE = 0o77777777777

/** The fields of a header block as they stand there (POSIX.1-2017, pax, "ustar Interchange Format"). */
export interface HeaderBlock {
  /** Folder and name, joined. */
  readonly name: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** One character. */
  readonly typeflag: string
  readonly linkName: string
  readonly userName: string
  readonly groupName: string
  readonly deviceMajor: number
  readonly deviceMinor: number
}

/** Why a header block is not one; the caller knows where it lies. */
export class BadHeader extends Error {}

/** `size` filled up to whole blocks. */
export function paddedSize(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

/** Whether a number fits into the field for an owner's id. */
export function fitsId(id: number): boolean {
  return id >= 0 && id <= MOST_ID
}

/** Whether a number fits into the fields for size and modification time. */
export function fitsSize(size: number): boolean {
  return size >= 0 && size <= MOST_SIZE
}

/** Whether the name of an owner fits into its field. */
export function fitsOwnerName(name: Uint8Array): boolean {
  return name.length < OWNER_BYTES
}

/** Whether a link's target fits into its field. */
export function fitsLinkName(name: Uint8Array): boolean {
  return name.length <= NAME_BYTES
}

/** A name divided into the two fields for it; undefined where it does not fit. */
export function splitName(name: Buffer): { readonly prefix: Buffer; readonly name: Buffer } | undefined {
  if (name.length <= NAME_BYTES) return { prefix: name.subarray(0, 0), name }
  // The first separator that leaves few enough bytes behind it; a folder's name ends with one, which cannot be it.
  const slash = name.subarray(0, -1).indexOf(0x2f, name.length - NAME_BYTES - 1)
  if (slash < 1 || slash > PREFIX_BYTES) return undefined
  return { prefix: name.subarray(0, slash), name: name.subarray(slash + 1) }
}

/** What {@link encodeHeader} takes: names as bytes that fit, numbers that fit. */
export interface EncodableHeader {
  readonly prefix: Uint8Array
  readonly name: Uint8Array
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly typeflag: string
  readonly linkName: Uint8Array
  readonly userName: Uint8Array
  readonly groupName: Uint8Array
  readonly deviceMajor?: number
  readonly deviceMinor?: number
}

/** A header block. */
export function encodeHeader(header: EncodableHeader): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.set(header.name, 0)
  writeOctal(block, 100, 8, header.mode)
  writeOctal(block, 108, 8, header.uid)
  writeOctal(block, 116, 8, header.gid)
  writeOctal(block, 124, 12, header.size)
  writeOctal(block, 136, 12, header.mtime)
  block.write(header.typeflag, 156, 'latin1')
  block.set(header.linkName, 157)
  block.write('ustar\x0000', 257, 'latin1')
  block.set(header.userName, 265)
  block.set(header.groupName, 297)
  writeOctal(block, 329, 8, header.deviceMajor ?? 0)
  writeOctal(block, 337, 8, header.deviceMinor ?? 0)
  block.set(header.prefix, 345)
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/**
 * The fields of a header block.
 * @returns undefined for a block of zeros, which stands at the end of an archive
 * @throws BadHeader
 */
export function decodeHeader(block: Buffer): HeaderBlock | undefined {
  const stated = readNumber(block, 148, 8)
  if (stated !== checksum(block)) {
    if (block.every((byte) => byte === 0)) return undefined
    throw new BadHeader('its checksum is wrong')
  }
  const magic = block.toString('latin1', 257, 263)
  // GNU's own format has no prefix: other fields lie there.
  const prefix = magic === 'ustar\0' ? readText(block, 345, PREFIX_BYTES) : ''
  const name = readText(block, 0, NAME_BYTES)
  const known = magic.startsWith('ustar')
  const typeflag = String.fromCharCode(block[156] ?? 0)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: readNumber(block, 100, 8) & 0o7777,
    uid: readNumber(block, 108, 8),
    gid: readNumber(block, 116, 8),
    size: readNumber(block, 124, 12),
    mtime: readNumber(block, 136, 12, true),
    typeflag: typeflag === '\0' ? '0' : typeflag,
    linkName: readText(block, 157, NAME_BYTES),
    userName: known ? readText(block, 265, OWNER_BYTES) : '',
    groupName: known ? readText(block, 297, OWNER_BYTES) : '',
    deviceMajor: known ? readNumber(block, 329, 8) : 0,
    deviceMinor: known ? readNumber(block, 337, 8) : 0,
  }
}

/** The sum of all bytes, those of the checksum itself taken for spaces. */
function checksum(block: Buffer): number {
  let sum = 8 * 0x20
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i] ?? 0
  return sum
}

function writeOctal(block: Buffer, offset: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1')
}

function readText(block: Buffer, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length)
  const end = field.indexOf(0)
  return nameFromBytes(end < 0 ? field : field.subarray(0, end))
}

/** A number in octal, or in GNU's base 256, whose first bit is set and where a second one makes it negative. */
function readNumber(block: Buffer, offset: number, length: number, signed = false): number {
  const field = block.subarray(offset, offset + length)
  const first = field[0] ?? 0
  if ((first & 0x80) === 0) return readOctal(field)
  const negative = (first & 0x40) !== 0
  let value = BigInt(first & 0x3f) - (negative ? 0x40n : 0n)
  for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte)
  const number = Number(value)
  if (!Number.isSafeInteger(number) || (number < 0 && !signed)) throw new BadHeader('a number in it makes no sense')
  return number
}

function readOctal(field: Buffer): number {
  const text = field.toString('latin1').replace(/^[ \0]+|[ \0].*$/gs, '')
  if (!/^[0-7]*$/.test(text)) throw new BadHeader('a number in it makes no sense')
  return text === '' ? 0 : Number.parseInt(text, 8)
}
