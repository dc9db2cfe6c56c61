import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** A file, folder or symbolic link, whatever names it has. */
export type DiskNode = DiskFile | DiskFolder | DiskLink

/** A symbolic link; never changes. */
export interface DiskLink {
  readonly kind: 'link'
  readonly target: string
}

/** Content of a file: what is certainly on the disk, and what the system may or may not have written since. */
export interface DiskFile {
  readonly kind: 'file'
  durable: Buffer
  readonly pending: DataChange[]
}

/** Names in a folder: those that are certainly on the disk, and what may or may not have become of them since. */
export interface DiskFolder {
  readonly kind: 'folder'
  readonly durable: Map<string, DiskNode>
  readonly pending: NameChange[]
  /** As running programs see it. */
  readonly current: Map<string, DiskNode>
}

/** A write, or a new size where there are no bytes. `number` is its place among all changes. */
export interface DataChange {
  readonly kind: 'data'
  readonly number: number
  readonly offset: number
  readonly bytes: Uint8Array | undefined
}

/** Names that change together; without a node, a name is removed. */
export interface NameChange {
  readonly kind: 'names'
  readonly number: number
  readonly names: readonly (readonly [name: string, node: DiskNode | undefined])[]
}

/** A change that is not certainly on the disk. */
export type Change = DataChange | NameChange

/**
 * A disk as a power failure may find it, harsher than any one file system, after "All File Systems Are Not Created Equal" (Pillai and others, OSDI '14):
 *
 * - Flushing a file makes its content durable, and nothing else: not its name, wherever that is.
 * - Flushing a folder makes the names in it durable, and nothing else: neither its own name, nor what the names stand for.
 * - Until then, each write, new size, new name, removed name and renaming is on the disk or not, independently of all others; those of one file, or of one
 *   folder, in the order in which they were made. A write may be there in part, by sectors.
 * - A renaming is atomic: both names change or none. Renaming between folders does not occur and is refused.
 * - Flushing covers what was done before it began, and has an effect once it has returned.
 *
 * Modes, owners and times are not modelled.
 */
export class DiskModel {
  readonly root: DiskFolder
  readonly #place: string
  #changes = 0

  /**
   * @param place - the folder that is modelled
   * @param content - a folder that has what is durable in it at first
   */
  constructor(place: string, content: string) {
    this.#place = place
    this.root = readFolder(content)
  }

  /** Changes so far. */
  get changes(): number {
    return this.#changes
  }

  /** What is at a path; undefined where nothing is, or where it lies elsewhere. */
  find(path: string): DiskNode | undefined {
    const names = this.#namesOf(path)
    if (names === undefined) return undefined
    let node: DiskNode | undefined = this.root
    for (const name of names) node = node?.kind === 'folder' ? node.current.get(name) : undefined
    return node
  }

  /** Gives something a name. Does nothing for a path elsewhere. @returns what has the name now */
  add(path: string, node: DiskNode): DiskNode | undefined {
    const place = this.#placeOf(path)
    if (place === undefined) return undefined
    this.#change(place.folder, [[place.name, node]])
    return node
  }

  /** Removes a name. */
  remove(path: string): void {
    const place = this.#placeOf(path)
    if (place !== undefined) this.#change(place.folder, [[place.name, undefined]])
  }

  /** Renames within a folder. */
  rename(from: string, to: string): void {
    const source = this.#placeOf(from)
    const target = this.#placeOf(to)
    if (source === undefined && target === undefined) return
    if (source === undefined || source.folder !== target?.folder)
      throw new Error(`'${from}' leaves its folder for '${to}'`)
    this.#change(source.folder, [
      [source.name, undefined],
      [target.name, source.folder.current.get(source.name)],
    ])
  }

  /** Writes to a file. */
  write(file: DiskFile, offset: number, bytes: Uint8Array): void {
    file.pending.push({ kind: 'data', number: this.#changes++, offset, bytes })
  }

  /** Gives a file a size. */
  resize(file: DiskFile, size: number): void {
    file.pending.push({ kind: 'data', number: this.#changes++, offset: size, bytes: undefined })
  }

  /** Makes durable what was done to a file or folder before the change of a number. */
  flush(node: DiskFile | DiskFolder, before: number): void {
    if (node.kind === 'file') {
      const flushed = takeBefore(node.pending, before)
      node.durable = contentAfter(node.durable, flushed)
    } else {
      for (const { names } of takeBefore(node.pending, before)) changeNames(node.durable, names)
    }
  }

  #change(folder: DiskFolder, names: NameChange['names']): void {
    changeNames(folder.current, names)
    folder.pending.push({ kind: 'names', number: this.#changes++, names })
  }

  #placeOf(path: string): { readonly folder: DiskFolder; readonly name: string } | undefined {
    const names = this.#namesOf(path)
    const name = names?.at(-1)
    if (names === undefined || name === undefined) return undefined
    const folder = this.find(join(this.#place, ...names.slice(0, -1)))
    if (folder?.kind !== 'folder') throw new Error(`'${path}' lies in no folder that is known`)
    return { folder, name }
  }

  #namesOf(path: string): readonly string[] | undefined {
    if (path === this.#place) return []
    return path.startsWith(`${this.#place}/`) ? path.slice(this.#place.length + 1).split('/') : undefined
  }
}

/** A new file without content. */
export function newFile(): DiskFile {
  return { kind: 'file', durable: Buffer.alloc(0), pending: [] }
}

/** A new folder without names. */
export function newFolder(): DiskFolder {
  return { kind: 'folder', durable: new Map(), current: new Map(), pending: [] }
}

/** What a file holds after changes. */
export function contentAfter(content: Buffer, changes: readonly DataChange[]): Buffer {
  let length = content.length
  let capacity = length
  for (const { offset, bytes } of changes) {
    length = bytes === undefined ? offset : Math.max(length, offset + bytes.length)
    capacity = Math.max(capacity, length)
  }
  const result = Buffer.alloc(capacity)
  content.copy(result)
  let end = content.length
  for (const { offset, bytes } of changes) {
    if (bytes === undefined) {
      // What was cut off is not there again when the file grows.
      if (offset < end) result.fill(0, offset, end)
      end = offset
    } else {
      result.set(bytes, offset)
      end = Math.max(end, offset + bytes.length)
    }
  }
  return result.subarray(0, end)
}

/** Changes names as a folder does. */
export function changeNames(entries: Map<string, DiskNode>, names: NameChange['names']): void {
  for (const [name, node] of names) {
    if (node === undefined) entries.delete(name)
    else entries.set(name, node)
  }
}

function takeBefore<T extends Change>(pending: T[], before: number): readonly T[] {
  const later = pending.findIndex(({ number }) => number >= before)
  return pending.splice(0, later === -1 ? pending.length : later)
}

function readFolder(path: string): DiskFolder {
  const folder = newFolder()
  for (const name of readdirSync(path)) {
    const node = readNode(join(path, name))
    folder.durable.set(name, node)
    folder.current.set(name, node)
  }
  return folder
}

function readNode(path: string): DiskNode {
  const stats = lstatSync(path)
  if (stats.isDirectory()) return readFolder(path)
  if (stats.isSymbolicLink()) return { kind: 'link', target: readlinkSync(path) }
  return { ...newFile(), durable: readFileSync(path) }
}
