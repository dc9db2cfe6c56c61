import { throwIfAborted, type VarveError } from '@varve/platform/errors'
import type { Id } from '../repository/id.ts'
import type { TreeEntries } from '../repository/tree-entries.ts'
import type { TreeLoader } from '../repository/tree-loader.ts'

/** Trees that are loaded at the same time. */
const LOADED_TOGETHER = 16

/** What to do on the way through trees. */
export interface TreeVisitor {
  /** Asked for every reference to a tree: whether to visit it. Says no to what it has seen, or the visit may take for ever. */
  enter(id: Id): boolean
  /** Takes a tree that was entered; it is valid as long as this runs. */
  visit(id: Id, tree: TreeEntries): void
  /** Takes a tree that was entered and cannot be read; the visit fails if this is left out. */
  failed?(id: Id, error: VarveError): void
}

/**
 * Visits trees and all that they refer to, in an order that is always the same, without paths: for what holds for a tree wherever it is.
 * Goes down before it goes on, which is how trees lie in their packs, and keeps no more than the ids that are still to be visited.
 *
 * @throws ERR_VARVE_MISSING_BLOB, ERR_VARVE_DAMAGED, ERR_VARVE_NOT_FOUND, ERR_VARVE_STORAGE for a tree that cannot be read, ERR_VARVE_ABORTED
 */
export async function visitTrees(
  trees: TreeLoader,
  roots: Iterable<Id>,
  visitor: TreeVisitor,
  signal?: AbortSignal,
): Promise<void> {
  const waiting: Id[] = []
  const offer = (id: Id): void => {
    if (visitor.enter(id)) waiting.push(id)
  }
  for (const root of roots) offer(root)

  while (waiting.length > 0) {
    throwIfAborted(signal)
    const ids = waiting.splice(-LOADED_TOGETHER)
    await trees.useEntries(
      ids,
      (id, tree) => {
        visitor.visit(id, tree)
        for (const node of tree.others) if (node.type === 'dir' && node.subtree !== undefined) offer(node.subtree)
      },
      (id, error) => {
        if (visitor.failed === undefined) throw error
        visitor.failed(id, error)
      },
    )
  }
}
