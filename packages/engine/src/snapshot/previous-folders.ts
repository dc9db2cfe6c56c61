import { isVarveError, type ErrorCode } from '@varve/platform/errors'
import { compareNames } from '@varve/platform/file-name'
import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import { TreeEntries } from '../repository/tree-entries.ts'
import type { TreeLoader } from '../repository/tree-loader.ts'
import type { PreviousFolder } from './folder.ts'

/** Why a tree of the parent snapshot cannot be used: reasons that concern it alone, while everything else can go on. */
const UNUSABLE_TREE: ReadonlySet<ErrorCode> = new Set([
  'ERR_VARVE_DAMAGED',
  'ERR_VARVE_MISSING_BLOB',
  'ERR_VARVE_NOT_FOUND',
])

/** Folders as the snapshots have them that a new one is compared with. */
export class PreviousFolders {
  readonly #trees: TreeLoader
  readonly #onProblem: (path: string, message: string) => void

  /** @param onProblem - told of trees that cannot be used, with the path of the folder */
  constructor(trees: TreeLoader, onProblem: (path: string, message: string) => void) {
    this.#trees = trees
    this.#onProblem = onProblem
  }

  /** A folder from its trees, the latest first, as far as they can be used. @param path - of the folder */
  async folder(trees: readonly Id[], path: string): Promise<PreviousFolder | undefined> {
    const [latest] = trees
    if (latest === undefined) return undefined
    if (trees.length === 1) return this.#load(latest, path)
    const found: PreviousFolder[] = []
    for (const tree of new Set(trees)) {
      const folder = await this.#load(tree, path)
      if (folder !== undefined) found.push(folder)
    }
    return mergePrevious(found)
  }

  async #load(tree: Id, path: string): Promise<PreviousFolder | undefined> {
    try {
      return { tree, entries: await this.#trees.loadEntries(tree) }
    } catch (error) {
      if (!isVarveError(error) || !UNUSABLE_TREE.has(error.code)) throw error
      this.#onProblem(path, `the parent snapshot cannot be used here: ${error.message}`)
      return undefined
    }
  }
}

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
