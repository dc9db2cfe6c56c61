import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { toFsPath } from '@varve/platform'
import { lookAround, survey } from '../../../delta/test/directory-index/trees.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import type { MirrorConfig } from '../../src/config/mirror-config.ts'
import { decodeIncrement } from '../../src/increment/decode-increment.ts'
import { FileSteps } from '../../src/disk/file-steps.ts'
import type { Increment, TrackedState } from '../../src/increment/increment.ts'
import { treeDigest } from '../../src/increment/tree-digest.ts'
import { comparePaths } from '@varve/delta'
import { runInParts, type RunParts } from '../../src/run/run-mirror.ts'
import type { RunOptions, RunResult } from '../../src/run/run-options.ts'
import { NO_RULES, type SelectionRules } from '../../src/selection/selection-rules.ts'

/** Where Linux keeps files in memory: flushing takes no time there. */
const MEMORY = '/dev/shm'

/** A source and a destination, side by side in a folder that is removed when the test ends. */
export class Scene {
  readonly folder: string
  readonly source: string
  readonly destination: string
  rules: SelectionRules = { ...NO_RULES, trackDirs: ['.'] }
  #runs = 0

  constructor(folder = memoryFolder()) {
    this.folder = folder
    this.source = join(folder, 'source')
    this.destination = join(folder, 'destination')
  }

  get mirror(): string {
    return join(this.destination, 'mirror')
  }

  get config(): MirrorConfig {
    return { source: this.source, destination: this.destination, rules: this.rules, maxWorkers: 1 }
  }

  /** Runs a mirror, a minute after the run before, whether or not the source is empty, without starting threads unless `parts` is empty. */
  run(options: RunOptions = {}, parts: RunParts = { steps: new FileSteps() }): Promise<RunResult> {
    const now = new Date(2026, 0, 1, 12, this.#runs++)
    return runInParts(this.config, { now, allowEmpty: true, ...options }, parts)
  }

  /** Where an entry of an increment lies. */
  at(increment: string | undefined, path = ''): string {
    if (increment === undefined) throw new Error('no increment was made')
    return join(this.destination, increment, path)
  }

  /** Names of the increments, from the first to the last. */
  get increments(): readonly string[] {
    if (!existsSync(this.destination)) return []
    return readdirSync(this.destination)
      .filter((name) => name.startsWith('backup_'))
      .toSorted()
  }

  /** What the destination holds, a line for each entry, without the time of our own folder, which locking changes. */
  get contents(): readonly string[] {
    return survey(this.destination).filter((line) => !line.startsWith('".varve-mirror" '))
  }

  /** What all increments hold, a line for each entry. */
  get history(): readonly string[] {
    return this.increments.flatMap((name) => [name, ...survey(join(this.destination, name))])
  }

  /** The increment that metadata tells of. */
  load(name: string): Increment {
    return decodeIncrement(readFileSync(join(this.destination, name, `${name}.json`)), name)
  }
}

/** An empty folder, in memory where that is possible, that is removed when the test ends. */
export function memoryFolder(): string {
  if (!existsSync(MEMORY)) return scratchFolder()
  const folder = mkdtempSync(join(MEMORY, 'varve-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The tree below a folder as increments tell it, looked at without the code under test. */
export function treeOf(
  folder: string,
  isTracked: (path: string, type: string) => boolean = () => true,
): Map<string, TrackedState> {
  const tree = new Map<string, TrackedState>()
  for (const [path, { type, mode, mtimeNs, size, content }] of lookAround(folder)) {
    if (path === '' || type === 'special' || !isTracked(path, type)) continue
    const common = { mode: Number(mode & 0o7777n), mtime: mtimeNs }
    if (type === 'file') tree.set(path, { type, ...common, size: Number(size), hash: content })
    else if (type === 'dir') tree.set(path, { type, ...common })
    else tree.set(path, { type, ...common, mode: 0o777, target: content })
  }
  return tree
}

/**
 * Follows all increments from the first to the last, and sees that each holds what it says, that each leads on from the one before, and to the tree whose digest it has.
 *
 * @returns the trees after them, by their names
 */
export function followHistory(scene: Scene): ReadonlyMap<string, ReadonlyMap<string, TrackedState>> {
  const trees = new Map<string, ReadonlyMap<string, TrackedState>>()
  let tree = new Map<string, TrackedState>()
  let previous: string | undefined
  for (const name of scene.increments) {
    const increment = scene.load(name)
    if (increment.previous !== previous) throw new Error(`${name} follows ${increment.previous}, not ${previous}`)
    tree = new Map(tree)
    for (const { path, before, after } of increment.entries) {
      requireEqual(before, tree.get(path), `${name}: ${JSON.stringify(path)} before`)
      if (after === undefined) tree.delete(path)
      else tree.set(path, after)
      if (after !== undefined) requireContent(scene.at(name, 'track'), path, after)
      else if (before !== undefined) requireContent(scene.at(name, 'deleted'), path, before)
    }
    const entries = Array.from(tree, ([path, state]) => ({ path, state }))
    const digest = treeDigest(entries.toSorted((a, b) => comparePaths(a.path, b.path)))
    if (digest !== increment.digest) throw new Error(`${name} leads to another tree than its digest says`)
    trees.set(name, tree)
    previous = name
  }
  return trees
}

function requireContent(folder: string, path: string, state: TrackedState): void {
  const place = toFsPath(`${folder}/${path}`)
  const stats = lstatSync(place, { bigint: true })
  if (state.type === 'dir') {
    if (!stats.isDirectory()) throw new Error(`${folder}/${path} is no folder`)
    return
  }
  if (state.type === 'symlink') {
    if (!stats.isSymbolicLink()) throw new Error(`${folder}/${path} is no link`)
    return
  }
  const hash = createHash('sha256').update(readFileSync(place)).digest('hex')
  const found = {
    type: 'file',
    mode: Number(stats.mode & 0o7777n),
    mtime: stats.mtimeNs,
    size: Number(stats.size),
    hash,
  }
  requireEqual(found, state, `${folder}/${path}`)
}

function requireEqual(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [show(found), show(expected)]
  if (a !== b) throw new Error(`${what}: found ${a}, expected ${b}`)
}

function show(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([key, each]) => `${key}=${String(each)}`).join(' ')
}
