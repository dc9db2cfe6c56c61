import { compareNames } from '@varve/platform/file-name'
import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import { TreeEntries } from '../repository/tree-entries.ts'
import type { PreviousFolder } from './folder.ts'

/**
 * What several snapshots say of a folder, put together: each entry as the latest snapshot has it that has one of its name.
 *
 * @param folders - each as one snapshot has it, the latest first
 */
export function mergePrevious(folders: readonly PreviousFolder[]): PreviousFolder | undefined {
  const [latest, ...older] = folders
  if (latest === undefined || older.length === 0) return latest
  const nodes = new Map<string, Node>()
  const olderTrees = new Map<string, Id[]>()
  for (const folder of folders) {
    for (let entry = 0; entry < folder.entries.count; entry++) {
      const node = folder.entries.node(entry)
      const known = nodes.get(node.name)
      if (known === undefined) nodes.set(node.name, node)
      else if (known.subtree !== undefined && node.subtree !== undefined) {
        const trees = olderTrees.get(node.name)
        if (trees === undefined) olderTrees.set(node.name, [node.subtree])
        else trees.push(node.subtree)
      }
    }
  }
  const sorted = [...nodes.values()].toSorted((a, b) => compareNames(a.name, b.name))
  return { tree: undefined, entries: TreeEntries.of(sorted), olderTrees }
}
