import { describeError, isVarveError } from '@varve/platform/errors'
import type { TreeLoader } from '../repository/tree-loader.ts'
import { compareNames, isEntryName } from '@varve/platform/file-name'
import type { Node, Tree } from '../repository/node.ts'
import type { Breather } from './breather.ts'
import { unexpectedNames } from './deletion-planning.ts'
import type { EntryPlanning } from './entry-planning.ts'
import { lookAt, metadataOf, type PlanContext, type PlannedFolder } from './plan-context.ts'
import { decide } from './present-state.ts'
import type { PlannedDeletion } from './restore-plan.ts'
import type { Selection } from './selection.ts'

/** Folders within folders. No file system goes as deep; a crafted repository could go on for ever. */
const MAX_DEPTH = 4096

/** Sub-folders of one folder whose trees are loaded ahead. */
const LOADED_AHEAD = 8

/** A folder on the way from the root to where the planning is. */
interface VisitedFolder {
  readonly parent: VisitedFolder | undefined
  readonly node: Node | undefined
  readonly depth: number
  /** Path in the target. */
  readonly path: string
  /** Path that patterns see. */
  readonly location: string
  /** Undefined as long as nothing in it is to be restored; `unusable` where nothing can be. */
  planned: PlannedFolder | 'unusable' | undefined
}

/** Plans folders and, through {@link EntryPlanning}, all that is in them. */
export class FolderPlanning {
  readonly deletions: PlannedDeletion[] = []
  readonly #context: PlanContext
  readonly #trees: TreeLoader
  readonly #selection: Selection
  readonly #others: EntryPlanning
  readonly #breather: Breather
  /** An unsafe name has been met: this snapshot is not to be trusted with saying what must go. */
  #suspicious = false

  constructor(
    context: PlanContext,
    trees: TreeLoader,
    selection: Selection,
    others: EntryPlanning,
    breather: Breather,
  ) {
    this.#context = context
    this.#trees = trees
    this.#selection = selection
    this.#others = others
    this.#breather = breather
  }

  /**
   * Plans everything that lands in the target.
   *
   * @param target - the target's own entry, which has been planned
   * @param location - the path that patterns see for it
   * @param nodes - what lands in the target
   * @param isWhole - whether these are all entries of a folder, so that others may be deleted
   */
  async planTarget(target: PlannedFolder, location: string, nodes: readonly Node[], isWhole: boolean): Promise<void> {
    const root = { parent: undefined, node: undefined, depth: 0, path: target.path, location, planned: target }
    await this.#planContent(root, nodes, isWhole)
    if (this.#suspicious) this.deletions.length = 0
  }

  async #planContent(folder: VisitedFolder, nodes: readonly Node[], isWhole: boolean): Promise<void> {
    const subfolders = await this.#planEntries(folder, nodes)
    this.#context.offer()
    const expected = this.#context.delete && isWhole ? new Set(nodes.map((node) => node.name)) : undefined
    await this.#planSubfolders(folder, subfolders)
    if (expected !== undefined) this.#planDeletions(folder, expected)
  }

  /** Plans all entries but folders. @returns the folders */
  async #planEntries(folder: VisitedFolder, nodes: readonly Node[]): Promise<readonly Node[]> {
    const { reporter } = this.#context
    const subfolders: Node[] = []
    const usable = usableNodes(nodes, this.#context.platform.separator, (node, why) => {
      this.#suspicious = true
      reporter.problem(this.#pathOf(folder, node), why)
    })
    for (const node of usable) {
      if (this.#breather.isDue) await this.#breather.breathe()
      if (node.type === 'dir') {
        subfolders.push(node)
        continue
      }
      if (!this.#selection.everything && !this.#selection.selects(`${folder.location}/${node.name}`)) continue
      const planned = this.#usePlanned(folder)
      if (planned === undefined) continue
      const path = this.#pathOf(folder, node)
      try {
        const waiting = this.#others.plan(planned, node, path)
        if (waiting !== undefined) await waiting
        reporter.filesDone++
      } catch (error) {
        // What the system says about one entry is that entry's problem.
        if (!isSystemError(error)) throw error
        reporter.problem(path, describeError(error))
      }
    }
    return subfolders
  }

  async #planSubfolders(folder: VisitedFolder, nodes: readonly Node[]): Promise<void> {
    const loading: (Promise<Tree> | undefined)[] = []
    for (const [i, node] of nodes.entries()) {
      if (this.#breather.isDue) await this.#breather.breathe()
      for (let ahead = i + loading.length; ahead < Math.min(i + LOADED_AHEAD, nodes.length); ahead++) {
        loading.push(this.#load(folder, nodes[ahead]))
      }
      await this.#planSubfolder(folder, node, loading.shift())
    }
  }

  async #planSubfolder(parent: VisitedFolder, node: Node, loading: Promise<Tree> | undefined): Promise<void> {
    const folder: VisitedFolder = {
      parent,
      node,
      depth: parent.depth + 1,
      path: this.#pathOf(parent, node),
      location: `${parent.location}/${node.name}`,
      planned: undefined,
    }
    const { reporter } = this.#context
    if (folder.depth > MAX_DEPTH) {
      reporter.problem(folder.path, 'its folders are nested too deeply')
      return
    }
    if (this.#selection.selects(folder.location) && this.#usePlanned(folder) === undefined) return
    if (!this.#selection.reachesInto(folder.location)) return
    if (loading === undefined) {
      reporter.problem(folder.path, 'the snapshot does not say what is in it')
      return
    }
    let tree: Tree
    try {
      tree = await loading
    } catch (error) {
      if (!isVarveError(error)) throw error
      reporter.problem(folder.path, error.message)
      return
    }
    await this.#planContent(folder, tree.nodes, true)
  }

  #load(folder: VisitedFolder, node: Node | undefined): Promise<Tree> | undefined {
    if (node?.subtree === undefined) return undefined
    if (!this.#selection.reachesInto(`${folder.location}/${node.name}`)) return undefined
    const tree = this.#trees.load(node.subtree)
    // Whoever awaits it handles a failure; until then it must not count as unhandled.
    tree.catch(() => undefined)
    return tree
  }

  /** The folder as part of the plan, with its parents; undefined where it cannot be used, which is reported once. */
  #usePlanned(folder: VisitedFolder): PlannedFolder | undefined {
    folder.planned ??= this.#planFolder(folder) ?? 'unusable'
    return folder.planned === 'unusable' ? undefined : folder.planned
  }

  #planFolder({ parent, node, path }: VisitedFolder): PlannedFolder | undefined {
    if (parent === undefined || node === undefined) throw new Error('the target is planned from the start')
    const { entries, pieces, overwrite, protectedPaths, reporter } = this.#context
    const outer = this.#usePlanned(parent)
    if (outer === undefined) return undefined
    try {
      const present = outer.exists ? lookAt(path) : undefined
      const decision = decide(node, path, present, overwrite)
      if (typeof decision === 'object') {
        reporter.problem(path, decision.blocked)
        return undefined
      }
      if (decision === 'replace' && protectedPaths.touches(path)) {
        reporter.problem(path, 'the repository is there')
        return undefined
      }
      const entry = entries.add({
        parent: outer.entry,
        name: node.name,
        type: 'dir',
        action: decision === 'keep' || decision === 'replace' ? decision : 'make',
        size: 0,
        metadata: metadataOf(node),
        firstPiece: pieces.count,
        endPiece: pieces.count,
      })
      return { entry, path, exists: decision === 'keep' }
    } catch (error) {
      if (!isSystemError(error)) throw error
      reporter.problem(path, describeError(error))
      return undefined
    }
  }

  #planDeletions(folder: VisitedFolder, expected: ReadonlySet<string>): void {
    const { planned, path, location } = folder
    if (planned === undefined || planned === 'unusable' || !planned.exists) return
    const { reporter, protectedPaths, platform } = this.#context
    try {
      for (const name of unexpectedNames(path, platform.separator, expected)) {
        if (!this.#selection.everything && !this.#selection.selects(`${location}/${name}`)) continue
        if (protectedPaths.touches(join(path, platform.separator, name))) continue
        this.deletions.push({ folder: planned.entry, name })
      }
    } catch (error) {
      if (!isSystemError(error)) throw error
      reporter.problem(path, describeError(error))
    }
  }

  #pathOf(folder: VisitedFolder, node: Node): string {
    return join(folder.path, this.#context.platform.separator, node.name)
  }
}

/** The nodes that can be entries of one folder, each name once. */
function* usableNodes(
  nodes: readonly Node[],
  separator: string,
  refuse: (node: Node, why: string) => void,
): Generator<Node, void, undefined> {
  let seen: Set<string> | undefined
  let previous: string | undefined
  for (const [i, node] of nodes.entries()) {
    const { name } = node
    if (!isEntryName(name) || name.includes(separator)) {
      refuse(node, 'such a name could lead out of the target')
      continue
    }
    if (previous !== undefined && compareNames(previous, name) >= 0) {
      seen ??= new Set(nodes.slice(0, i).map((other) => other.name))
    }
    if (seen?.has(name) === true) {
      refuse(node, 'its folder has two entries of this name')
      continue
    }
    seen?.add(name)
    previous = name
    yield node
  }
}

function join(folder: string, separator: string, name: string): string {
  return folder.endsWith(separator) ? folder + name : folder + separator + name
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}
