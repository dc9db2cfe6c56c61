import { TreeLoader } from '../../src/repository/tree-loader.ts'
import { readFile } from '../../src/history/read-file.ts'
import { walkTree } from '../../src/history/walk-tree.ts'
import type { Problem } from '@varve/platform'
import type { Id } from '../../src/repository/id.ts'
import type { Node } from '../../src/repository/node.ts'
import type { IndexedRepository, OpenRepository } from '../../src/repository/repository.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import { collect } from '../fixtures/collect.ts'
import type { SnapshotItem, SnapshotOptions, SnapshotResult } from '../../src/snapshot/snapshot-options.ts'
import { snapshot } from '../../src/snapshot/snapshot.ts'

/** A snapshot call and all that it reported. */
export interface TakenSnapshot {
  readonly result: SnapshotResult
  readonly problems: readonly Problem[]
  readonly items: readonly SnapshotItem[]
}

/** Takes a snapshot with one thread and without a lock, unless the options say otherwise, and keeps what it reports. */
export async function takeSnapshot(repository: OpenRepository, options: SnapshotOptions): Promise<TakenSnapshot> {
  const problems: Problem[] = []
  const items: SnapshotItem[] = []
  const result = await snapshot(repository, {
    workers: 1,
    noLock: true,
    ...options,
    onProblem: (problem) => {
      problems.push(problem)
      options.onProblem?.(problem)
    },
    onItem: (item) => {
      items.push(item)
      options.onItem?.(item)
    },
  })
  return { result, problems, items }
}

/** The stored snapshot of a call that must have made one. */
export function madeSnapshot({ result }: TakenSnapshot): StoredSnapshot {
  if (result.snapshot === undefined) throw new Error('no snapshot was made')
  return result.snapshot
}

/** What a snapshot holds below a folder, read back through the repository. */
export class SnapshotContent {
  readonly #repository: IndexedRepository
  readonly #snapshot: StoredSnapshot
  readonly #folder: string
  /** By path from the folder; the folder itself is the empty path. */
  readonly nodes: ReadonlyMap<string, Node>

  private constructor(
    repository: IndexedRepository,
    stored: StoredSnapshot,
    folder: string,
    nodes: ReadonlyMap<string, Node>,
  ) {
    this.#repository = repository
    this.#snapshot = stored
    this.#folder = folder
    this.nodes = nodes
  }

  /** @param folder - path in the snapshot, without `/` at its end; everything if left out */
  static async read(repository: OpenRepository, stored: StoredSnapshot, folder = ''): Promise<SnapshotContent> {
    const indexed = await repository.loadIndex()
    const nodes = new Map<string, Node>()
    for await (const { path, tree } of walkTree(new TreeLoader(indexed), stored.tree)) {
      for (const node of tree.nodes) {
        const entry = `${path}/${node.name}`
        if (entry === folder) nodes.set('', node)
        if (entry.startsWith(`${folder}/`)) nodes.set(entry.slice(folder.length + 1), node)
      }
    }
    return new SnapshotContent(indexed, stored, folder, nodes)
  }

  /** Paths of all entries, in the order of the walk. */
  get paths(): readonly string[] {
    return [...this.nodes.keys()].filter((path) => path !== '')
  }

  /** An entry that must be there. */
  node(path: string): Node {
    const node = this.nodes.get(path)
    if (node === undefined) throw new Error(`the snapshot has no '${path}'`)
    return node
  }

  /** The content of a file, byte for byte. */
  async text(path: string): Promise<string> {
    const pieces = readFile(this.#repository, this.#snapshot, `${this.#folder}/${path}`)
    return Buffer.concat(await collect(pieces)).toString('latin1')
  }
}

/** Takes a snapshot of one folder and reads it back. */
export async function contentOf(
  repository: OpenRepository,
  folder: string,
  options: SnapshotOptions = {},
): Promise<SnapshotContent & TakenSnapshot> {
  const taken = await takeSnapshot(repository, { paths: [folder], ...options })
  return Object.assign(await SnapshotContent.read(repository, madeSnapshot(taken), folder), taken)
}

/** Ids of all packs that a repository stores. */
export async function storedPacks(repository: OpenRepository): Promise<readonly string[]> {
  return (await repository.storage.list('pack')).map(({ name }) => name).toSorted()
}

/** Every blob that the indexes name, once for each place. */
export async function storedBlobs(repository: OpenRepository): Promise<readonly { type: string; id: Id }[]> {
  const { index } = await repository.loadIndex()
  return [...index.packs()].flatMap(({ blobs }) => blobs.map(({ type, id }) => ({ type, id })))
}
