import { readdirSync } from 'node:fs'
import { isAbsolute, join, normalize, resolve, sep } from 'node:path'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import type { Platform } from '@varve/platform'
import { sourceFailure } from './source-failure.ts'

/**
 * Where in a snapshot the sources come to lie, as restic arranges them (`internal/archiver/tree.go`): an absolute source below all its
 * parent folders, a relative one below those that were named, `.` as its content at the top.
 */
export interface SourceTree {
  readonly children: ReadonlyMap<string, SourceTree>
  /** Set where a source lies here: the path to read it from. */
  readonly path: string | undefined
  /** Whether the user named this source, so that no rule leaves it out. */
  readonly explicit: boolean
  /** Of a folder that only leads to sources: where its metadata is found. */
  readonly infoPath: string | undefined
}

interface MutableTree {
  children: Map<string, MutableTree>
  path: string | undefined
  explicit: boolean
  infoPath: string | undefined
  /** At the top: where the first named part of the path lies; tells equal names in different places apart. */
  place: string | undefined
}

/**
 * Arranges sources in a tree.
 * @param paths - as the user gave them
 * @throws ERR_VARVE_SOURCE where a folder whose entries are needed one by one cannot be listed
 */
export function arrangeSources(paths: readonly string[], platform: Platform): SourceTree {
  const top = emptyTree()
  const seen = new Set<string>()
  for (const { path, explicit } of paths.flatMap((path) => expandContentSource(path, platform))) {
    const clean = normalizeSource(path)
    if (seen.has(clean)) continue
    seen.add(clean)
    addSource(top, clean, explicit, platform)
  }
  unroll(top)
  return top
}

/** Entries of a folder as names in which bytes that are not UTF-8 are escaped, unsorted. */
export function readFolder(path: string): string[] {
  const names = readdirSync(toFsPath(path))
  // Node replaces invalid bytes by U+FFFD, after which the entry cannot be found any more.
  if (!names.some((name) => name.includes('\ufffd'))) return names
  return readdirSync(toFsPath(path), { encoding: 'buffer' }).map((name) => nameFromBytes(name))
}

function emptyTree(): MutableTree {
  return { children: new Map(), path: undefined, explicit: false, infoPath: undefined, place: undefined }
}

/** A source such as `.` or `../..` has no name to be stored under: its entries are the sources. */
function expandContentSource(path: string, platform: Platform): { path: string; explicit: boolean }[] {
  const clean = normalizeSource(path)
  if (namedParts(clean, platform).length > 0) return [{ path: clean, explicit: true }]
  return listSource(clean).map((name) => ({ path: join(clean, name), explicit: false }))
}

function listSource(path: string): readonly string[] {
  try {
    return readFolder(path)
  } catch (error) {
    throw sourceFailure(path, error)
  }
}

function normalizeSource(path: string): string {
  const clean = normalize(path)
  return clean.length > 1 && clean.endsWith(sep) && resolve(clean) !== clean ? clean.slice(0, -1) : clean
}

/** The parts under which a source is stored. */
function namedParts(path: string, platform: Platform): readonly string[] {
  if (isAbsolute(path)) return platform.pathComponents(path)
  return path.split(sep).filter((part) => part !== '' && part !== '.' && part !== '..')
}

function rootOf(path: string): string {
  if (isAbsolute(path)) return resolve(path, sep)
  const ups = path.split(sep).filter((part) => part === '..')
  return ups.length === 0 ? '.' : ups.join(sep)
}

function addSource(top: MutableTree, path: string, explicit: boolean, platform: Platform): void {
  const parts = namedParts(path, platform)
  const root = rootOf(path)
  const [first, ...rest] = parts
  if (first === undefined) throw new Error(`source '${path}' has no name`)
  const place = join(root, first)
  let name = first
  for (let attempt = 1; ; attempt++) {
    const other = top.children.get(name)
    // restic compares only the folders around, and loses a source whose name looks as if it had been given a number.
    if (other === undefined || other.place === place) break
    name = `${first}-${attempt}`
  }
  let node = childOf(top, name)
  node.place = place
  let folder = place
  for (const part of rest) {
    node.infoPath ??= folder
    node = childOf(node, part)
    folder = join(folder, part)
  }
  node.path ??= path
  node.explicit ||= explicit
}

function childOf(tree: MutableTree, name: string): MutableTree {
  const existing = tree.children.get(name)
  if (existing !== undefined) return existing
  const child = emptyTree()
  tree.children.set(name, child)
  return child
}

/** A source that has others below it is replaced by its entries, so that only the ends of the tree are sources. */
function unroll(tree: MutableTree): void {
  if (tree.path !== undefined && tree.children.size > 0) {
    for (const name of listSource(tree.path)) {
      const child = childOf(tree, name)
      child.path ??= join(tree.path, name)
    }
    tree.infoPath ??= tree.path
    tree.path = undefined
    tree.explicit = false
  }
  for (const child of tree.children.values()) unroll(child)
}
