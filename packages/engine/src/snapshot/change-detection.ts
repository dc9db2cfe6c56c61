import type { BigIntStats } from 'node:fs'
import type { ExtendedAttribute } from '@varve/platform'
import type { Node } from '../repository/node.ts'
import { sameMoment, timestampFromNanoseconds } from '../repository/timestamp.ts'

/** What tells whether a file is as it was: all that cannot stay the same when its content or its metadata changes. */
export type FileState = Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs' | 'ino'>

/** What does not count as a change. */
export interface ChangeRule {
  readonly ignoreCtime: boolean
  /** Implies `ignoreCtime`: where inode numbers are made up, so are the times of their changes. */
  readonly ignoreInode: boolean
}

/**
 * Whether the content of a file must be taken to differ from what `previous` describes: restic's rule (`fileChanged` in
 * `internal/archiver/archiver.go`).
 */
export function fileChanged(stats: FileState, previous: Node, rule: ChangeRule): boolean {
  if (previous.type !== 'file' || stats.size !== previous.size) return true
  if (!isAt(stats.mtimeNs, previous.mtime)) return true
  if (!rule.ignoreCtime && !rule.ignoreInode && !isAt(stats.ctimeNs, previous.ctime)) return true
  return !rule.ignoreInode && BigInt.asUintN(64, stats.ino) !== previous.inode
}

/** Whether a file that was looked at twice was the same file, unchanged. */
export function sameState(a: FileState, b: FileState): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino
}

/** Whether two nodes say the same of an entry, so that one can stand for the other. Equal moments count as equal however written. */
export function sameNode(a: Node, b: Node): boolean {
  return (
    a.name === b.name &&
    a.type === b.type &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.user === b.user &&
    a.group === b.group &&
    a.inode === b.inode &&
    a.deviceId === b.deviceId &&
    a.size === b.size &&
    a.links === b.links &&
    a.device === b.device &&
    a.linkTarget === b.linkTarget &&
    a.subtree === b.subtree &&
    a.error === b.error &&
    sameMoment(a.mtime, b.mtime) &&
    sameMoment(a.atime, b.atime) &&
    sameMoment(a.ctime, b.ctime) &&
    sameContent(a.content, b.content) &&
    sameAttributes(a.extendedAttributes, b.extendedAttributes) &&
    sameGenericAttributes(a.genericAttributes, b.genericAttributes)
  )
}

function isAt(nanoseconds: bigint, timestamp: Node['mtime']): boolean {
  return sameMoment(timestampFromNanoseconds(nanoseconds), timestamp)
}

function sameContent(a: Node['content'], b: Node['content']): boolean {
  if (a === b) return true
  if (a === null || b === null || a.length !== b.length) return false
  return a.every((id, index) => id === b[index])
}

function sameAttributes(a: readonly ExtendedAttribute[], b: readonly ExtendedAttribute[]): boolean {
  if (a.length !== b.length) return false
  return a.every((attribute, index) => {
    const other = b[index]
    return other !== undefined && attribute.name === other.name && sameBytes(attribute.value, other.value)
  })
}

function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b
  return Buffer.compare(a, b) === 0
}

function sameGenericAttributes(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false
  for (const [name, value] of a) if (b.get(name) !== value) return false
  return true
}
