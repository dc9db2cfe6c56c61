import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import type { Snapshot } from '../repository/snapshot.ts'
import type { TreeLoader } from './tree-loader.ts'

/** Where in a snapshot the folder lies that was saved: its single source, or the deepest folder that has all sources in it. */
export interface SourceLocation {
  /** The parts of its path in the file system that it comes from; none where the sources have nothing in common. */
  readonly origin: readonly string[]
  /** The names that lead to it from the snapshot's root. */
  readonly names: readonly string[]
}

/** The parts of a path as a snapshot's folders name them, whichever system it comes from: `/a/b` is a, b; `C:\a` is C, a. */
export function sourceComponents(path: string): readonly string[] {
  const drive = /^([A-Za-z]):[\\/]/.exec(path)?.[1]
  if (drive === undefined) return path.split('/').filter((part) => part !== '' && part !== '.')
  return [drive, ...path.slice(3).split(/[\\/]/)].filter((part) => part !== '')
}

/**
 * Finds where the sources of a snapshot lie in it.
 * @throws what a folder that cannot be read throws
 */
export async function locateSources(
  trees: TreeLoader,
  snapshot: Pick<Snapshot, 'tree' | 'paths'>,
): Promise<SourceLocation> {
  const origin = commonPath(snapshot.paths.map(sourceComponents))
  if (await exists(trees, snapshot.tree, origin)) return { origin, names: origin }
  // Clients that were given relative paths store less than the absolute path that the snapshot mentions, `.` even nothing of it.
  // Of the shorter paths the longest counts that leaves nothing of the snapshot out.
  for (let start = 1; start < origin.length; start++) {
    const names = origin.slice(start)
    if (await isAllThereIs(trees, snapshot.tree, names)) return { origin, names }
  }
  return { origin, names: [] }
}

/** The single source, or the deepest folder that has all sources in it. A source within another one does not count. */
function commonPath(sources: readonly (readonly string[])[]): readonly string[] {
  const outermost = sources.filter(
    (source, i) => !sources.some((other, j) => startsWith(source, other) && (source.length > other.length || j < i)),
  )
  const [first, ...others] = outermost
  if (first === undefined) return []
  if (others.length === 0) return first
  const different = first.findIndex((name, i) => others.some((other) => other[i] !== name))
  return first.slice(0, different)
}

/** Whether a list of names starts with those of another. */
export function startsWith(names: readonly string[], start: readonly string[]): boolean {
  return start.every((name, i) => names[i] === name)
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
