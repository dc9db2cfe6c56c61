import { chmodSync, rmdirSync, unlinkSync, type BigIntStats } from 'node:fs'
import { dirname } from 'node:path'
import { systemErrorCode } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { NodeType } from '../repository/node.ts'
import { readFolder } from '../snapshot/source-tree.ts'
import { lookAt } from './plan-context.ts'

/** An entry of the target that goes. */
export interface RemovedEntry {
  readonly path: string
  readonly type: NodeType
  readonly size: number
}

/**
 * Removes what is at a path, folders with all that is in them. Symbolic links are removed, never followed. What is mounted inside a folder is
 * somebody else's: it makes this fail.
 *
 * @param dryRun - only say what would be removed
 * @yields each entry when it has been removed, a folder after all that was in it
 * @throws the system's error for the first entry that cannot be removed
 */
export function* removeTree(path: string, separator: string, dryRun = false): Generator<RemovedEntry, void, undefined> {
  const present = lookAt(path)
  if (present !== undefined) yield* removePresent(path, separator, present, present.dev, dryRun)
}

/**
 * Removes what is in the way at a path, if anything is.
 *
 * @param recursive - whether a folder may go that is not empty
 * @throws the system's error
 */
export function removeObstacle(path: string, separator: string, recursive: boolean): void {
  const present = lookAt(path)
  if (present === undefined) return
  if (!present.isDirectory() || !recursive) return remove(path, present)
  for (const _ of removeTree(path, separator)) continue
}

function* removePresent(
  path: string,
  separator: string,
  present: BigIntStats,
  device: bigint,
  dryRun: boolean,
): Generator<RemovedEntry, void, undefined> {
  if (present.dev !== device) throw new Error('something is mounted there')
  if (present.isDirectory()) {
    for (const name of list(path, dryRun)) {
      const inner = path + separator + name
      const stats = lookAt(inner)
      if (stats !== undefined) yield* removePresent(inner, separator, stats, device, dryRun)
    }
  }
  if (!dryRun) remove(path, present)
  yield { path, type: typeOf(present), size: present.isFile() ? Number(present.size) : 0 }
}

function list(folder: string, dryRun: boolean): readonly string[] {
  return dryRun ? readFolder(folder) : withAccessTo(folder, () => readFolder(folder))
}

function remove(path: string, present: BigIntStats): void {
  withAccessTo(dirname(path), () => {
    if (present.isDirectory()) rmdirSync(toFsPath(path))
    else unlinkSync(toFsPath(path))
  })
}

/** Does something in a folder, if need be after giving its owner all rights to it. */
function withAccessTo<T>(folder: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (systemErrorCode(error) !== 'EACCES') throw error
    const stats = lookAt(folder)
    if (stats?.isDirectory() !== true || (stats.mode & 0o700n) === 0o700n) throw error
    chmodSync(toFsPath(folder), Number(stats.mode & 0o7777n) | 0o700)
    return work()
  }
}

function typeOf(stats: BigIntStats): NodeType {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'dir'
  if (stats.isSymbolicLink()) return 'symlink'
  if (stats.isFIFO()) return 'fifo'
  if (stats.isSocket()) return 'socket'
  if (stats.isBlockDevice()) return 'dev'
  return stats.isCharacterDevice() ? 'chardev' : 'irregular'
}
