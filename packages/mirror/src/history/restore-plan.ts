import { realpathSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { describeError, nameFromBytes, toFsPath, VarveError, type Problem } from '@varve/platform'
import type { FileState, FolderState, LinkState } from '@varve/delta'
import type { TrackedEntry } from '../increment/tree-digest.ts'
import { ContentPlaces, type ContentPlace } from './content-places.ts'
import type { CompleteIncrement } from './complete-increment.ts'
import type { History } from './history.ts'
import { lookAt } from '../increment/look-at.ts'
import { PlainFolders } from './plain-folders.ts'
import { treeAt } from './tree-at.ts'

/** A file that a restore writes. */
export interface PlannedFile {
  readonly path: string
  readonly state: FileState
  /** Where its content may be; at least one. */
  readonly places: readonly ContentPlace[]
}

/** What a restore is going to do. A value: it can be printed, and nothing has happened yet. */
export interface MirrorRestorePlan {
  /** Absolute path of the folder that the tree's content goes into, with no symbolic link in it. */
  readonly target: string
  readonly increment: CompleteIncrement
  /** Folders of the tree, those around before those within. */
  readonly folders: readonly { readonly path: string; readonly state: FolderState }[]
  readonly files: readonly PlannedFile[]
  readonly links: readonly { readonly path: string; readonly state: LinkState }[]
  /** Bytes of all files. */
  readonly totalBytes: number
  /** Whether the tree is certainly the one that was there. */
  readonly isVerified: boolean
  /** Files whose content is nowhere any more, and what may have been otherwise: see `TreeAt.doubts`. */
  readonly missing: readonly Problem[]
  /** Paths at which something is that would have to be replaced. */
  readonly existing: readonly string[]
  /** Paths that cannot be written, whatever is asked: a folder, or something that is none on the way, stands there. */
  readonly blocked: readonly Problem[]
}

/** Which part of the tree is restored. */
export interface RestoreSelection {
  /** Takes a path; what it lets out is not restored. Folders around what is restored are made anyway. All where absent. */
  readonly includes?: ((path: string) => boolean) | undefined
}

/**
 * Plans to put the tracked tree, as it was after an increment, into a folder. Reads no content and writes nothing.
 *
 * @param increment - one of the history's
 * @param target - the folder, which need not be there; never within the destination of the mirror
 * @throws ERR_VARVE_TARGET
 */
export function planMirrorRestore(
  history: History,
  increment: CompleteIncrement,
  target: string,
  { includes }: RestoreSelection = {},
): MirrorRestorePlan {
  const place = resolveTarget(target)
  refuseWithin(place, history.destination)
  const tree = treeAt(history, increment)
  const entries = tree.entries.filter(({ path }) => includes?.(path) ?? true)
  const wanted = new Set(entries.flatMap(({ state }) => (state.type === 'file' ? [state.hash] : [])))
  const contents = new ContentPlaces(history, wanted)
  const missing: Problem[] = tree.doubts.filter(({ path }) => path === '' || (includes?.(path) ?? true))
  const files: PlannedFile[] = []
  for (const { path, state } of entries) {
    if (state.type !== 'file') continue
    const places = contents.of(state.hash)
    if (places.length > 0) files.push({ path, state, places })
    else missing.push({ path, message: 'its content is nowhere any more' })
  }
  return {
    target: place,
    increment,
    folders: entries.flatMap(({ path, state }) => (state.type === 'dir' ? [{ path, state }] : [])),
    files,
    links: entries.flatMap(({ path, state }) => (state.type === 'symlink' ? [{ path, state }] : [])),
    totalBytes: files.reduce((sum, { state }) => sum + state.size, 0),
    isVerified: tree.isVerified,
    missing,
    ...lookForRoom(place, entries),
  }
}

function lookForRoom(
  target: string,
  entries: readonly TrackedEntry[],
): Pick<MirrorRestorePlan, 'existing' | 'blocked'> {
  const folders = new PlainFolders()
  const existing: string[] = []
  const blocked: Problem[] = []
  const isFolder = new Map(entries.map(({ path, state }) => [path, state.type === 'dir']))
  for (const { path, state } of entries) {
    const way = wayTo(path)
    if (way.some((folder) => isFolder.get(folder) === false)) {
      blocked.push({ path, message: 'it would lie below something that is no folder' })
      continue
    }
    const obstacle = way.find((folder) => {
      const there = folders.look(target, folder)
      return there !== undefined && !there.isDirectory()
    })
    if (obstacle !== undefined) {
      blocked.push({ path, message: `'${obstacle}' is there, and is no folder` })
      continue
    }
    const there = folders.look(target, path)
    if (there === undefined || (state.type === 'dir' && there.isDirectory())) continue
    if (there.isDirectory()) blocked.push({ path, message: 'a folder is there' })
    else if (state.type === 'dir') blocked.push({ path, message: 'it is there, and is no folder' })
    else existing.push(path)
  }
  return { existing, blocked }
}

/** The folders on the way to a path, from the outermost. */
function wayTo(path: string): readonly string[] {
  const names = path.split('/')
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'))
}

function resolveTarget(target: string): string {
  const path = resolve(target)
  try {
    const there = lookAt(path)
    if (there === undefined) return join(resolveParent(path), path.slice(path.lastIndexOf(sep) + 1))
    const real = realPath(path)
    if (lookAt(real)?.isDirectory() === true) return real
  } catch (error) {
    throw new VarveError('ERR_VARVE_TARGET', `cannot restore to '${target}': ${describeError(error)}`, { cause: error })
  }
  throw new VarveError('ERR_VARVE_TARGET', `'${target}' exists but is no folder`)
}

/** Where the folder around a path is, or is going to be. */
function resolveParent(path: string): string {
  const parent = dirname(path)
  if (lookAt(parent) !== undefined || parent === path) return realPath(parent)
  return join(resolveParent(parent), parent.slice(parent.lastIndexOf(sep) + 1))
}

function realPath(path: string): string {
  return nameFromBytes(realpathSync(toFsPath(path), { encoding: 'buffer' }))
}

function refuseWithin(target: string, destination: string): void {
  const real = realPath(destination)
  if (target !== real && !target.startsWith(real.endsWith(sep) ? real : `${real}${sep}`)) return
  throw new VarveError('ERR_VARVE_TARGET', `'${target}' is within the mirror's own folder '${real}'`, {
    hint: 'restore to a folder elsewhere',
  })
}
