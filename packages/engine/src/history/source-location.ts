import type { Id } from '../repository/id.ts'
import type { Tree } from '../repository/node.ts'
import type { Snapshot } from '../repository/snapshot.ts'
import { entryNamed } from './find-node.ts'
import type { TreeLoader } from '../repository/tree-loader.ts'

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
  const whole = await follow(trees, snapshot.tree, origin)
  if (whole !== undefined) return { origin, names: whole }
  // Clients that were given relative paths store less than the absolute path that the snapshot mentions, `.` even nothing of it.
  // Of the shorter paths the longest counts that leaves nothing of the snapshot out.
  for (let start = 1; start < origin.length; start++) {
    const names = await follow(trees, snapshot.tree, origin.slice(start), { alone: true })
    if (names !== undefined) return { origin, names }
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

/**
 * The names of the entries that a path leads along, which may differ from its own where these are not valid UTF-8; undefined where it leads to nothing.
 *
 * @param options - `alone`: or where any of the folders on the way has anything else in it
 */
async function follow(
  trees: TreeLoader,
  root: Id,
  path: readonly string[],
  options: { readonly alone: boolean } = { alone: false },
): Promise<readonly string[] | undefined> {
  const names: string[] = []
  let tree: Id | undefined = root
  for (const name of path) {
    if (tree === undefined) return undefined
    const { nodes }: Tree = await trees.load(tree)
    const node = entryNamed(nodes, name)
    if (node === undefined || (options.alone && nodes.length > 1)) return undefined
    names.push(node.name)
    tree = node.subtree
  }
  return names
}
