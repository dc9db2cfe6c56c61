import { isVarveError, throwIfAborted, VarveError } from '@varve/platform/errors'
import type { Id } from '../repository/id.ts'
import type { Node, Tree } from '../repository/node.ts'
import { EntrySet } from './entry-set.ts'
import type { TreeLoader } from '../repository/tree-loader.ts'

/** Folders within folders. No file system that a snapshot comes from goes as deep; a crafted repository could go on for ever. */
const MAX_DEPTH = 4096

/** Sub-folders of one folder that are loaded ahead. */
const LOADED_AHEAD = 8

/** A folder met on a walk. */
export interface WalkedFolder {
  /** From the snapshot's root, without `/` at its end: empty for the root, else `/a/b`. */
  readonly path: string
  readonly id: Id
  readonly tree: Tree
}

/** How to walk. */
export interface WalkOptions {
  /** Whether to go into a sub-folder; all are gone into if left out. */
  readonly enter?: (path: string, node: Node) => boolean
  /** Visits folders with equal content once, where they are met first. */
  readonly distinct?: boolean
  /** Takes a folder that cannot be read; the walk goes on without it. It fails if this is left out. */
  readonly onDamaged?: (path: string, id: Id, error: VarveError) => void
  readonly signal?: AbortSignal | undefined
}

/** A folder that the walk is in: what is left of its sub-folders. */
interface OpenFolder {
  readonly path: string
  readonly subfolders: readonly { readonly name: string; readonly id: Id }[]
  next: number
  /** The trees of the next sub-folders, in order. */
  readonly loading: Promise<Tree>[]
}

/**
 * Walks the folders of a snapshot, depth first, each before its sub-folders and these in the order of their names.
 *
 * @param trees - reads the trees; use one for walks that have folders in common
 * @param root - tree of the folder to start at
 * @throws ERR_VARVE_MISSING_BLOB, ERR_VARVE_DAMAGED, ERR_VARVE_NOT_FOUND, ERR_VARVE_STORAGE for a folder that cannot be read, ERR_VARVE_ABORTED
 */
export async function* walkTree(trees: TreeLoader, root: Id, options: WalkOptions = {}): AsyncGenerator<WalkedFolder> {
  const { enter, onDamaged, signal } = options
  const visited = options.distinct === true ? new EntrySet(trees.index.entryCount) : undefined

  const open = (path: string, tree: Tree): OpenFolder => {
    const subfolders: { name: string; id: Id }[] = []
    for (const node of tree.nodes) {
      if (node.type !== 'dir' || node.subtree === undefined) continue
      if (enter !== undefined && !enter(`${path}/${node.name}`, node)) continue
      const entry = visited === undefined ? -1 : trees.index.entryNumber('tree', node.subtree)
      if (entry < 0 || visited?.add(entry) === true) subfolders.push({ name: node.name, id: node.subtree })
    }
    return { path, subfolders, next: 0, loading: [] }
  }
  const read = async (path: string, id: Id, tree: Promise<Tree>): Promise<Tree | undefined> => {
    try {
      return await tree
    } catch (error) {
      if (onDamaged === undefined || !isVarveError(error)) throw error
      onDamaged(path, id, error)
      return undefined
    }
  }

  throwIfAborted(signal)
  const rootTree = await read('', root, trees.load(root))
  if (rootTree === undefined) return
  yield { path: '', id: root, tree: rootTree }
  const opened = [open('', rootTree)]
  for (let folder = opened.at(-1); folder !== undefined; folder = opened.at(-1)) {
    throwIfAborted(signal)
    const subfolder = folder.subfolders[folder.next]
    if (subfolder === undefined) {
      opened.pop()
      continue
    }
    loadAhead(trees, folder)
    folder.next++
    const path = `${folder.path}/${subfolder.name}`
    const loading = folder.loading.shift() ?? trees.load(subfolder.id)
    const isTooDeep = opened.length > MAX_DEPTH
    const tree = await read(path, subfolder.id, isTooDeep ? tooDeep(path) : loading)
    if (tree === undefined) continue
    yield { path, id: subfolder.id, tree }
    opened.push(open(path, tree))
  }
}

async function tooDeep(path: string): Promise<never> {
  throw new VarveError('ERR_VARVE_DAMAGED', `folders are too deep: ${path}`)
}

function loadAhead(trees: TreeLoader, folder: OpenFolder): void {
  while (folder.loading.length < LOADED_AHEAD) {
    const subfolder = folder.subfolders[folder.next + folder.loading.length]
    if (subfolder === undefined) return
    const tree = trees.load(subfolder.id)
    // Whoever awaits it handles a failure; until then, and if the walk is left before, it must not count as unhandled.
    tree.catch(() => undefined)
    folder.loading.push(tree)
  }
}
