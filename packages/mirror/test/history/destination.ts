import { createHash } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { comparePaths } from '@varve/delta'
import { currentPlatform, nameFromBytes, toFsPath } from '@varve/platform'
import { encodeIncrement } from '../../src/increment/encode-increment.ts'
import type { CatalogueEntry, Increment, TrackedState } from '../../src/increment/increment.ts'
import { newIncrementName } from '../../src/increment/increment-name.ts'
import { treeDigest, type TrackedEntry } from '../../src/increment/tree-digest.ts'
import type { MirrorTree } from '../../src/history/history.ts'

/** What is at a path of a tree that a test makes. */
export type Planted =
  | { readonly type: 'file'; readonly content: string; readonly mtime?: bigint; readonly mode?: number }
  | { readonly type: 'dir' }
  | { readonly type: 'symlink'; readonly target: string }

/** A tree by its paths. */
export type PlantedTree = Readonly<Record<string, Planted | string>>

const MTIME = 1_767_225_600_123_456_789n

/** The state that a planted entry has. */
export function stateOf(planted: Planted | string): TrackedState {
  const entry = typeof planted === 'string' ? ({ type: 'file', content: planted } as const) : planted
  if (entry.type === 'dir') return { type: 'dir', mode: 0o750, mtime: MTIME }
  if (entry.type === 'symlink') return { type: 'symlink', mode: 0o777, mtime: MTIME, target: entry.target }
  const hash = createHash('sha256').update(entry.content).digest('hex')
  const { content, mtime = MTIME, mode = 0o640 } = entry
  return { type: 'file', mode, mtime, size: Buffer.byteLength(content), hash }
}

/** Entries of a tree in the order of paths. */
export function entriesOf(tree: PlantedTree): readonly TrackedEntry[] {
  return Object.entries(tree)
    .map(([path, planted]) => ({ path, state: stateOf(planted) }))
    .toSorted((a, b) => comparePaths(a.path, b.path))
}

/** A destination with a mirror and increments as runs leave them, made without any run. */
export class TestDestination {
  readonly path: string
  readonly names: string[] = []
  #tree: PlantedTree = {}

  constructor(path: string) {
    this.path = path
    mkdirSync(join(path, 'mirror'), { recursive: true })
  }

  /** What the mirror holds now. */
  get mirror(): MirrorTree {
    return { after: this.names.at(-1), entries: entriesOf(this.#tree) }
  }

  /** Absolute path of the increment with this number, from 1. */
  folder(number: number): string {
    return join(this.path, this.names.at(number - 1) ?? '')
  }

  /** Makes an increment that leads to a tree. @returns its name */
  increment(tree: PlantedTree, time = new Date(2026, 0, this.names.length + 1, 12)): string {
    const name = newIncrementName(this.names, time)
    const folder = join(this.path, name)
    for (const place of ['track', 'deleted']) mkdirSync(join(folder, place), { recursive: true })
    const entries: CatalogueEntry[] = []
    for (const path of new Set([...Object.keys(this.#tree), ...Object.keys(tree)])) {
      const [old, now] = [this.#tree[path], tree[path]]
      if (isDeepStrictEqual(old, now)) continue
      const before = old === undefined ? undefined : stateOf(old)
      entries.push({ path, before, after: now === undefined ? undefined : stateOf(now) })
      if (before?.type === 'file' && now === undefined) give(`${this.path}/mirror/${path}`, `${folder}/deleted/${path}`)
      if (now !== undefined && stateOf(now).type === 'file') plant(`${folder}/track/${path}`, now)
    }
    const increment: Increment = {
      name,
      time,
      previous: this.names.at(-1),
      source: '/source',
      digest: treeDigest(entriesOf(tree)),
      entries: entries.toSorted((a, b) => comparePaths(a.path, b.path)),
    }
    writeFileSync(join(folder, `${name}.json`), encodeIncrement(increment))
    this.#bring(tree, folder)
    this.names.push(name)
    return name
  }

  #bring(tree: PlantedTree, folder: string): void {
    rmSync(join(this.path, 'mirror'), { recursive: true })
    mkdirSync(join(this.path, 'mirror'))
    for (const { path, state } of entriesOf(tree)) {
      const place = `${this.path}/mirror/${path}`
      const tracked = `${folder}/track/${path}`
      if (state.type === 'file' && lstatSync(toFsPath(tracked), { throwIfNoEntry: false }) !== undefined)
        give(tracked, place)
      else plant(place, tree[path] ?? '')
    }
    this.#tree = tree
  }
}

/** Makes an entry and the folders around it. */
export function plant(path: string, planted: Planted | string): void {
  const entry = typeof planted === 'string' ? ({ type: 'file', content: planted } as const) : planted
  mkdirSync(toFsPath(dirname(path)), { recursive: true })
  if (entry.type === 'dir') mkdirSync(toFsPath(path), { recursive: true })
  else if (entry.type === 'symlink') symlinkSync(toFsPath(entry.target), toFsPath(path))
  else writeFileSync(toFsPath(path), entry.content)
  const { type, mode, mtime } = stateOf(planted)
  if (type !== 'symlink') chmodSync(toFsPath(path), mode)
  currentPlatform().setTimes(path, mtime, mtime)
}

/** All that lies in a folder, in the order of paths. */
export function scanTree(folder: string, prefix = ''): readonly TrackedEntry[] {
  const names = readdirSync(toFsPath(folder), { encoding: 'buffer' }).map((bytes) => nameFromBytes(bytes))
  const entries = names.flatMap((name): readonly TrackedEntry[] => {
    const [place, path] = [`${folder}/${name}`, `${prefix}${name}`]
    const stats = lstatSync(toFsPath(place), { bigint: true })
    const common = { mode: Number(stats.mode & 0o7777n), mtime: stats.mtimeNs }
    if (stats.isDirectory()) return [{ path, state: { type: 'dir', ...common } }, ...scanTree(place, `${path}/`)]
    if (stats.isSymbolicLink()) {
      const target = nameFromBytes(readlinkSync(toFsPath(place), { encoding: 'buffer' }))
      return [{ path, state: { type: 'symlink', ...common, target } }]
    }
    const hash = createHash('sha256')
      .update(readFileSync(toFsPath(place)))
      .digest('hex')
    return [{ path, state: { type: 'file', ...common, size: Number(stats.size), hash } }]
  })
  return entries.toSorted((a, b) => comparePaths(a.path, b.path))
}

function give(from: string, to: string): void {
  mkdirSync(toFsPath(dirname(to)), { recursive: true })
  linkSync(toFsPath(from), toFsPath(to))
}
