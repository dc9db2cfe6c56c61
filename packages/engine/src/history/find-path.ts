import { isVarveError, VarveError } from '@varve/platform/errors'
import type { Node } from '../repository/node.ts'
import type { Snapshot } from '../repository/snapshot.ts'
import { findNode } from './find-node.ts'
import { locateSources, sourceComponents, startsWith } from './source-location.ts'
import type { TreeLoader } from '../repository/tree-loader.ts'

/** Names of the snapshot's root that an error lists. */
const LISTED_NAMES = 5

/**
 * The entry that a person's path names: first as the snapshot's own folders lead to it; then, since sources that were given as relative paths lie
 * higher up in a snapshot than in the file system, as the absolute path that it was saved from.
 *
 * @param path - `/work/sub` and `/home/ann/work/sub` are the same where `work` was saved from `/home/ann`
 * @returns undefined for the snapshot's root, which is no folder's entry
 * @throws ERR_VARVE_PATH_NOT_FOUND, and what a folder that cannot be read throws
 */
export async function findPath(
  trees: TreeLoader,
  snapshot: Pick<Snapshot, 'tree' | 'paths'>,
  path: string,
): Promise<Node | undefined> {
  try {
    return await findNode(trees, snapshot.tree, path)
  } catch (error) {
    if (!isVarveError(error, 'ERR_VARVE_PATH_NOT_FOUND')) throw error
    return findOrigin(trees, snapshot, path, error)
  }
}

async function findOrigin(
  trees: TreeLoader,
  snapshot: Pick<Snapshot, 'tree' | 'paths'>,
  path: string,
  notFound: VarveError,
): Promise<Node | undefined> {
  const wanted = sourceComponents(path)
  const { origin, names } = await locateSources(trees, snapshot)
  // How much of the absolute path the snapshot does not have.
  const left = origin.length - names.length
  const isAbsolute = /^(?:\/|[A-Za-z]:[\\/])/.test(path)
  if (isAbsolute && left > 0 && wanted.length >= left && agree(wanted, origin)) {
    try {
      return await findNode(trees, snapshot.tree, wanted.slice(left).join('/'))
    } catch (error) {
      if (!isVarveError(error, 'ERR_VARVE_PATH_NOT_FOUND')) throw error
    }
  }
  throw new VarveError(notFound.code, notFound.message, { hint: await rootHint(trees, snapshot), cause: notFound })
}

/** Whether one of two paths leads to the other. */
function agree(one: readonly string[], other: readonly string[]): boolean {
  return startsWith(one, other) || startsWith(other, one)
}

async function rootHint(trees: TreeLoader, { tree }: Pick<Snapshot, 'tree'>): Promise<string> {
  const { nodes } = await trees.load(tree)
  if (nodes.length === 0) return 'the snapshot is empty'
  const names = nodes.slice(0, LISTED_NAMES).map(({ name }) => `'/${name}'`)
  return `the snapshot's top level has ${names.join(', ')}${nodes.length > LISTED_NAMES ? ', …' : ''}`
}
