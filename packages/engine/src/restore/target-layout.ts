import type { TreeLoader } from '../repository/tree-loader.ts'
import { findNode } from '../history/find-node.ts'
import { findPath } from '../history/find-path.ts'
import { locateSources } from '../history/source-location.ts'
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
  if (options.path !== undefined) return rootAt(await findPath(trees, snapshot, options.path), snapshot.tree, '')
  if (options.layout === 'full-paths') return rootAt(undefined, snapshot.tree, '')
  const { names } = await locateSources(trees, snapshot)
  const node = names.length === 0 ? undefined : await findNode(trees, snapshot.tree, names.join('/'))
  const isFolder = node === undefined || node.type === 'dir'
  return rootAt(node, snapshot.tree, (isFolder ? names : names.slice(0, -1)).map((name) => `/${name}`).join(''))
}

function rootAt(node: Node | undefined, top: Id, location: string): RestoreRoot {
  if (node === undefined) return { kind: 'folder', tree: top, node, location }
  if (node.type !== 'dir' || node.subtree === undefined) return { kind: 'entry', node, location }
  return { kind: 'folder', tree: node.subtree, node, location }
}
