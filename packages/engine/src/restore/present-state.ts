import { readlinkSync, type BigIntStats } from 'node:fs'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import type { Node } from '../repository/node.ts'
import { timestampToNanoseconds } from '../repository/timestamp.ts'
import type { EntryAction } from './planned-entries.ts'
import type { OverwriteMode } from './restore-options.ts'

/** What is to be done about an entry, as far as can be told without reading files; `blocked` says why nothing can be. */
export type Decision = EntryAction | 'compare' | { readonly blocked: string }

/**
 * Decides what is to be done about an entry of a snapshot.
 *
 * Restic's rules (`internal/restorer/restorer.go`), with one exception: where a folder belongs and something else is, restic replaces that
 * whatever the mode of overwriting; here `never` and `if-newer` protect it as they protect all else.
 *
 * @param node - the entry; not a socket
 * @param path - where it belongs
 * @param present - what is there
 */
export function decide(node: Node, path: string, present: BigIntStats | undefined, overwrite: OverwriteMode): Decision {
  if (present === undefined) return 'make'
  if (node.type === 'dir' && present.isDirectory()) return 'keep'
  if (overwrite === 'never' || (overwrite === 'if-newer' && timestampToNanoseconds(node.mtime) <= present.mtimeNs)) {
    return node.type === 'dir' ? { blocked: `something else is there that '${overwrite}' protects` } : 'skip'
  }
  if (node.type === 'file' && present.isFile()) {
    const trusted =
      overwrite === 'if-changed' && present.size === node.size && present.mtimeNs === timestampToNanoseconds(node.mtime)
    return trusted ? 'keep' : 'compare'
  }
  return isSameSpecial(node, path, present) ? 'keep' : 'replace'
}

/** Whether a link, FIFO or device is there already. */
function isSameSpecial(node: Node, path: string, present: BigIntStats): boolean {
  if (node.type === 'fifo') return present.isFIFO()
  if (node.type === 'dev') return present.isBlockDevice() && present.rdev === node.device
  if (node.type === 'chardev') return present.isCharacterDevice() && present.rdev === node.device
  if (node.type !== 'symlink' || !present.isSymbolicLink()) return false
  return nameFromBytes(readlinkSync(toFsPath(path), { encoding: 'buffer' })) === node.linkTarget
}
