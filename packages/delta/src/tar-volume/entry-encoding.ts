import { nameToBytes } from '@varve/platform/file-name'
import { splitDevice } from './device-number.ts'
import { encodePax, formatPaxTime } from './pax-records.ts'
import {
  BLOCK,
  encodeHeader,
  fitsId,
  fitsLinkName,
  fitsOwnerName,
  fitsSize,
  paddedSize,
  splitName,
} from './tar-header.ts'
import type { TarEntry } from './tar-entry.ts'

/*
 * modern-tar, the best-kept library for tars, decodes names as UTF-8 and so replaces bytes that are not, and keeps times as `Date`s, in
 * milliseconds. Names are bytes and times are nanoseconds here, so headers are written and read by code of our own.
 */

const TYPEFLAGS = { file: '0', hardlink: '1', symlink: '2', chardev: '3', dev: '4', dir: '5', fifo: '6' } as const

/** A member that can be written. */
export type WritableEntry = TarEntry & { readonly type: keyof typeof TYPEFLAGS }

const NANOSECONDS = 1_000_000_000n
const NONE = Buffer.alloc(0)

/**
 * The header of a member: one block where that is enough, and before it an extended header for what does not fit there: long names and names beyond
 * ASCII, fractions of seconds, sizes from 8 GiB on. A name that is not UTF-8 stands in the block where it fits, and otherwise in the extended header
 * with `hdrcharset=BINARY`.
 *
 * @param comment - kept in the extended header, where every program passes over it
 */
export function encodeEntry(entry: WritableEntry, comment?: string): Buffer {
  const name = writtenName(entry)
  const path = nameToBytes(name)
  const link = nameToBytes(entry.linkTarget)
  const userName = nameToBytes(entry.userName)
  const groupName = nameToBytes(entry.groupName)
  const seconds = Number(floorDivide(entry.mtime, NANOSECONDS))
  const split = splitName(path)
  const records: [string, string][] = []
  if (split === undefined || isBeyondAscii(entry.path)) records.push(['path', name])
  if (!fitsLinkName(link) || isBeyondAscii(entry.linkTarget)) records.push(['linkpath', entry.linkTarget])
  if (!fitsSize(entry.size)) records.push(['size', String(entry.size)])
  if (!fitsSize(seconds) || entry.mtime % NANOSECONDS !== 0n) records.push(['mtime', formatPaxTime(entry.mtime)])
  if (!fitsId(entry.uid)) records.push(['uid', String(entry.uid)])
  if (!fitsId(entry.gid)) records.push(['gid', String(entry.gid)])
  if (!fitsOwnerName(userName)) records.push(['uname', entry.userName])
  if (!fitsOwnerName(groupName)) records.push(['gname', entry.groupName])
  if (comment !== undefined) records.push(['comment', comment])
  if (records.some(([keyword, value]) => keyword !== 'comment' && !value.isWellFormed())) {
    records.unshift(['hdrcharset', 'BINARY'])
  }
  const block = encodeHeader({
    ...(split ?? shortened(path)),
    mode: entry.mode,
    uid: fitsId(entry.uid) ? entry.uid : 0,
    gid: fitsId(entry.gid) ? entry.gid : 0,
    size: fitsSize(entry.size) ? entry.size : 0,
    mtime: fitsSize(seconds) ? seconds : 0,
    typeflag: TYPEFLAGS[entry.type],
    linkName: link.subarray(0, 100),
    userName: fitsOwnerName(userName) ? userName : NONE,
    groupName: fitsOwnerName(groupName) ? groupName : NONE,
    ...splitDevice(entry.device ?? 0n),
  })
  if (records.length === 0) return block
  return Buffer.concat([encodeExtension('x', records), block])
}

/** An extended header for what follows it: `x` for one member, `g` for all. */
export function encodeExtension(typeflag: 'x' | 'g', records: readonly (readonly [string, string])[]): Buffer {
  const bytes = encodePax(records)
  const header = encodeHeader({
    prefix: NONE,
    name: Buffer.from(typeflag === 'g' ? 'pax_global_header' : 'PaxHeaders/0'),
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: bytes.length,
    mtime: 0,
    typeflag,
    linkName: NONE,
    userName: NONE,
    groupName: NONE,
  })
  return Buffer.concat([header, bytes, Buffer.alloc(paddedSize(bytes.length) - bytes.length)])
}

/** What stands at the end of an archive. */
export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK)

/** The empty path is the folder that a tar is extracted to. */
function writtenName({ type, path }: WritableEntry): string {
  return type !== 'dir' ? path : path === '' ? './' : `${path}/`
}

/** What programs see that do not know extended headers. */
function shortened(path: Buffer): { readonly prefix: Buffer; readonly name: Buffer } {
  return { prefix: NONE, name: path.subarray(0, 100) }
}

/** Whether a name that is valid UTF-8 has characters that the header block may not hold. */
function isBeyondAscii(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- ASCII is what is asked for
  return name.isWellFormed() && /[^\x00-\x7f]/.test(name)
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return value < 0n && value % divisor !== 0n ? quotient - 1n : quotient
}
