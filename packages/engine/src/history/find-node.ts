import { VarveError } from '@varve/platform/errors'
import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import type { TreeLoader } from '../repository/tree-loader.ts'

/**
 * The entry at a path in a snapshot.
 *
 * @param root - the snapshot's tree
 * @param path - names separated by `/`; where it starts or ends with `/` makes no difference
 * @returns undefined for the root itself, which is no folder's entry
 * @throws ERR_VARVE_PATH_NOT_FOUND, and what a folder that cannot be read throws
 */
export async function findNode(trees: TreeLoader, root: Id, path: string): Promise<Node | undefined> {
  let tree = root
  let node: Node | undefined
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue
    if (node !== undefined && node.subtree === undefined) throw notFound(path, `'${node.name}' is no folder`)
    tree = node?.subtree ?? tree
    const { nodes } = await trees.load(tree)
    node = entryNamed(nodes, name)
    if (node === undefined) throw notFound(path, `there is no '${name}'`)
  }
  return node
}

/**
 * The entry of a folder that has a name. A name that is not valid UTF-8 may be given as restic and terminals show it, with U+FFFD for what is not,
 * unless several entries look like that.
 */
export function entryNamed(nodes: readonly Node[], name: string): Node | undefined {
  const exact = nodes.find((node) => node.name === name)
  if (exact !== undefined || !name.includes('\uFFFD')) return exact
  const [alike, another] = nodes.filter((node) => node.name.toWellFormed() === name)
  return another === undefined ? alike : undefined
}

function notFound(path: string, why: string): VarveError {
  return new VarveError('ERR_VARVE_PATH_NOT_FOUND', `'${path}' is not in the snapshot: ${why}`)
}
