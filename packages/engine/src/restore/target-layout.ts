import type { TreeLoader } from '../history/tree-loader.ts'
import { findNode } from '../history/find-node.ts'
import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import type { Snapshot } from '../repository/snapshot.ts'
import type { RestoreOptions } from './restore-options.ts'

/** What of a snapshot lands in the target. */
export type RestoreRoot =
  /** The content of a folder. */
  | {
      readonly kind: 'folder'
      readonly tree: Id
      /** The folder itself; undefined for the snapshot's root, which is no folder's entry. */
      readonly node: Node | undefined
      /** Path that patterns see for the folder, without `/` at its end: empty, or `/home/user`. */
      readonly location: string
    }
  /** One entry, which lands in the target under its name. */
  | { readonly kind: 'entry'; readonly node: Node; readonly location: string }

/**
 * Finds what of a snapshot lands in the target, see `layout` and `path` of {@link RestoreOptions}.
 *
 * @throws ERR_VARVE_PATH_NOT_FOUND, and what a folder that cannot be read throws
 */
export async function locateRestoreRoot(
  trees: TreeLoader,
  snapshot: Pick<Snapshot, 'tree' | 'paths'>,
  options: Pick<RestoreOptions, 'path' | 'layout'>,
): Promise<RestoreRoot> {
  if (options.path !== undefined) return rootAt(await findNode(trees, snapshot.tree, options.path), snapshot.tree, '')
  if (options.layout === 'full-paths') return rootAt(undefined, snapshot.tree, '')
  const names = await locateSources(trees, snapshot)
  const node = names.length === 0 ? undefined : await findNode(trees, snapshot.tree, names.join('/'))
  const isFolder = node === undefined || node.type === 'dir'
  return rootAt(node, snapshot.tree, (isFolder ? names : names.slice(0, -1)).map((name) => `/${name}`).join(''))
}

/** The parts of a path as a snapshot's folders name them, whichever system it comes from: `/a/b` is a, b; `C:\a` is C, a. */
export function sourceComponents(path: string): readonly string[] {
  const drive = /^([A-Za-z]):[\\/]/.exec(path)?.[1]
  if (drive === undefined) return path.split('/').filter((part) => part !== '' && part !== '.')
  return [drive, ...path.slice(3).split(/[\\/]/)].filter((part) => part !== '')
}

function rootAt(node: Node | undefined, top: Id, location: string): RestoreRoot {
  if (node === undefined) return { kind: 'folder', tree: top, node, location }
  if (node.type !== 'dir' || node.subtree === undefined) return { kind: 'entry', node, location }
  return { kind: 'folder', tree: node.subtree, node, location }
}

/** Names from the snapshot's root down to its source, or to the common parent of its sources. */
async function locateSources(
  trees: TreeLoader,
  snapshot: Pick<Snapshot, 'tree' | 'paths'>,
): Promise<readonly string[]> {
  const common = commonPath(snapshot.paths.map(sourceComponents))
  if (await exists(trees, snapshot.tree, common)) return common
  // Clients that were given relative paths store less than the absolute path that the snapshot mentions, `.` even nothing of it.
  // Of the shorter paths the longest counts that leaves nothing of the snapshot out.
  for (let start = 1; start < common.length; start++) {
    const shorter = common.slice(start)
    if (await isAllThereIs(trees, snapshot.tree, shorter)) return shorter
  }
  return []
}

/** The single source, or the deepest folder that has all sources in it. A source within another one does not count. */
function commonPath(sources: readonly (readonly string[])[]): readonly string[] {
  const outermost = sources.filter(
    (source, i) => !sources.some((other, j) => isWithin(source, other) && (source.length > other.length || j < i)),
  )
  const [first, ...others] = outermost
  if (first === undefined) return []
  if (others.length === 0) return first
  const different = first.findIndex((name, i) => others.some((other) => other[i] !== name))
  return first.slice(0, different)
}

function isWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return outer.every((name, i) => inner[i] === name)
}

async function exists(trees: TreeLoader, root: Id, names: readonly string[]): Promise<boolean> {
  let tree: Id | undefined = root
  for (const name of names) {
    if (tree === undefined) return false
    const node: Node | undefined = (await trees.load(tree)).nodes.find((entry) => entry.name === name)
    if (node === undefined) return false
    tree = node.subtree
  }
  return true
}

async function isAllThereIs(trees: TreeLoader, root: Id, names: readonly string[]): Promise<boolean> {
  let tree: Id | undefined = root
  for (const name of names) {
    if (tree === undefined) return false
    const [node, other]: readonly (Node | undefined)[] = (await trees.load(tree)).nodes
    if (node?.name !== name || other !== undefined) return false
    tree = node.subtree
  }
  return true
}
