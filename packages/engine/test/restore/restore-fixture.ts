import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '@varve/platform'
import { FileMode } from '../../src/repository/file-mode.ts'
import type { Id } from '../../src/repository/id.ts'
import type { Node } from '../../src/repository/node.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import type { RestoreItem, RestoreOptions, RestoreResult } from '../../src/restore/restore-options.ts'
import { restore } from '../../src/restore/restore.ts'
import { RepositoryFixture } from '../fixtures/repository-fixture.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { aNode } from '../repository/a-node.ts'

/** Makes an entry for a folder. */
export type Entry = (name: string) => Node

/** A folder's entries by name; text is a file. */
export interface Entries {
  readonly [name: string]: string | Entry
}

/** What a restore did and said. */
export interface RestoreReport extends RestoreResult {
  /** `action path` for each item, paths relative to the target, sorted. */
  readonly items: readonly string[]
  /** Problems by path relative to the target. */
  readonly problemsAt: Readonly<Record<string, string>>
}

const OWNER = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }

/** A repository in memory to restore from, and a folder to restore into. */
export class RestoreFixture {
  readonly repositories: RepositoryFixture
  /** An empty folder that goes when the test ends. */
  readonly scratch = scratchFolder()
  /** Where restores go unless the test says otherwise. It does not exist yet. */
  readonly target = join(this.scratch, 'target')
  #snapshot: Id | undefined

  constructor(repositories: RepositoryFixture) {
    this.repositories = repositories
  }

  /** One without snapshots. */
  static async create(): Promise<RestoreFixture> {
    return new RestoreFixture(await RepositoryFixture.create())
  }

  /** One with a snapshot that has these entries at its root. */
  static async of(entries: Entries): Promise<RestoreFixture> {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot(entries)
    return fixture
  }

  /** Stores a snapshot; it is the one to be restored from now on. */
  async snapshot(entries: Entries, paths: readonly string[] = ['/source']): Promise<void> {
    return this.snapshotOf(this.repositories.folder(this.#withDefaults(entries)), paths)
  }

  /** Stores a snapshot of a tree; it is the one to be restored from now on. */
  async snapshotOf(tree: Id, paths: readonly string[] = ['/source']): Promise<void> {
    await this.repositories.flush()
    this.#snapshot = (await this.repositories.snapshotOf(tree, { paths })).id
  }

  /** A file. Content is cut into blobs of 1000 bytes. */
  file(content: string | Uint8Array, fields: Partial<Node> = {}): Entry {
    return (name) => this.repositories.file(name, content, { ...OWNER, mode: 0o644, ...fields })
  }

  /** A folder. */
  folder(entries: Entries, fields: Partial<Node> = {}): Entry {
    return (name) => folderOf(this.repositories.folder(this.#withDefaults(entries)), fields)(name)
  }

  /** Restores the snapshot. */
  async restore(options: Partial<RestoreOptions> = {}, repository?: OpenRepository): Promise<RestoreReport> {
    const items: RestoreItem[] = []
    const problems: Problem[] = []
    const { target } = this.options(options)
    const relative = (path: string): string => (path.startsWith(target) ? path.slice(target.length + 1) : path)
    const result = await restore(repository ?? this.repositories.repository, {
      onItem: (item) => items.push(item),
      onProblem: (problem) => problems.push(problem),
      ...this.options(options),
    })
    return {
      ...result,
      items: items.map((item) => `${item.action} ${relative(item.path)}`).toSorted(),
      problemsAt: Object.fromEntries(problems.map(({ path, message }) => [relative(path), message])),
    }
  }

  /** What a restore of the snapshot is told, with some options as they usually are. */
  options(options: Partial<RestoreOptions> = {}): RestoreOptions {
    if (this.#snapshot === undefined) throw new Error('there is no snapshot to restore')
    // Taking a lock takes a while, by design.
    const usual = {
      snapshot: this.#snapshot,
      target: this.target,
      layout: 'full-paths',
      workers: 1,
      noLock: true,
    } as const
    return { ...usual, ...options }
  }

  #withDefaults(entries: Entries): Record<string, Entry> {
    return Object.fromEntries(
      Object.entries(entries).map(([name, entry]) => [name, typeof entry === 'string' ? this.file(entry) : entry]),
    )
  }
}

/** A folder with a given tree. */
export function folderOf(subtree: Id, fields: Partial<Node> = {}): Entry {
  return (name) => aNode({ name, type: 'dir', mode: FileMode.dir + 0o755, subtree, ...OWNER, ...fields })
}

/** A symbolic link. */
export function linkTo(linkTarget: string, fields: Partial<Node> = {}): Entry {
  return (name) => aNode({ name, type: 'symlink', mode: FileMode.symlink + 0o777, linkTarget, ...OWNER, ...fields })
}

/** A FIFO. */
export function fifo(): Entry {
  return (name) => aNode({ name, type: 'fifo', mode: FileMode.namedPipe + 0o644, ...OWNER })
}

/** What a folder has, by path: a file's text, `-> target`, `/` for a folder, or a kind. */
export function contentOf(folder: string): Record<string, string> {
  const content: Record<string, string> = {}
  for (const name of readdirSync(folder).toSorted()) {
    const path = join(folder, name)
    const stats = lstatSync(path)
    if (stats.isSymbolicLink()) content[name] = `-> ${readlinkSync(path)}`
    else if (stats.isDirectory()) content[name] = '/'
    else content[name] = stats.isFile() ? readFileSync(path, 'utf8') : 'special'
    if (!stats.isDirectory()) continue
    for (const [inner, it] of Object.entries(contentOf(path))) content[`${name}/${inner}`] = it
  }
  return content
}

/** Makes a folder with files in it, and folders for names with `/`. */
export function makeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, content)
  }
}
