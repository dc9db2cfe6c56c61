import { CONTENT_STEP, ENTRY, ENTRY_NUMBERS, NAME_START, isTextAt, type EntryScanner } from './entry-scanner.ts'
import { ID_SIZE, idToBytes } from './id.ts'
import type { Node } from './node.ts'

/** By the character that writes it. */
const HEX_VALUE = new Uint8Array(256)
for (let value = 0; value < 16; value++) HEX_VALUE[value.toString(16).charCodeAt(0)] = value

/** Takes what is known already. */
const SCANNED_AGAIN = new Float64Array(ENTRY_NUMBERS)

/** The id that somebody is being asked about. */
const ID_BYTES = new Uint8Array(ID_SIZE)

/** Numbers that describe an entry of a tree or of a file system. Times are seconds since 1970, rounded down, and nanoseconds from there. */
export interface FileNumbers {
  readonly mode: number
  readonly mtime: number
  readonly mtimeFraction: number
  readonly atime: number
  readonly atimeFraction: number
  readonly ctime: number
  readonly ctimeFraction: number
  readonly uid: number
  readonly gid: number
  readonly user: string
  readonly group: string
  readonly inode: number
  readonly device: number
  readonly size: number
  readonly links: number
}

/** What a tree of text consists of, see `decodeEntries`. */
export interface ScannedTree {
  readonly bytes: Buffer
  readonly count: number
  /** {@link ENTRY_NUMBERS} of each entry, as `EntryScanner` gives them. */
  readonly numbers: Float64Array
  /** Users and groups that the numbers refer to. */
  readonly texts: readonly string[]
  /** By place: entries that are not described by numbers. */
  readonly others: ReadonlyMap<number, Node>
  /** Has read the text; undefined where all entries are nodes. */
  readonly scanner: EntryScanner | undefined
  /** Makes the node of the entry that starts at a place of the text. */
  readonly decode: (start: number) => Node
}

/**
 * A folder's entries, of which most are only asked whether they are as something else is: nodes are made of those that somebody wants to
 * have.
 */
export class TreeEntries {
  readonly #tree: ScannedTree

  constructor(tree: ScannedTree) {
    this.#tree = tree
  }

  /** Entries that are nodes already. */
  static of(nodes: readonly Node[]): TreeEntries {
    return new TreeEntries({
      bytes: Buffer.alloc(0),
      count: nodes.length,
      numbers: new Float64Array(0),
      texts: [],
      others: new Map(nodes.entries()),
      scanner: undefined,
      decode: () => {
        throw new Error('all entries are nodes')
      },
    })
  }

  /** Entries; they are numbered from 0. */
  get count(): number {
    return this.#tree.count
  }

  /** Whether an entry has this name. */
  isNamed(entry: number, name: string): boolean {
    const { bytes, numbers, others } = this.#tree
    const other = others.size === 0 ? undefined : others.get(entry)
    if (other !== undefined) return other.name === name
    const base = entry * ENTRY_NUMBERS
    return isTextAt(bytes, (numbers[base] ?? 0) + NAME_START, numbers[base + ENTRY.nameEnd] ?? 0, name)
  }

  /** The name of an entry. */
  name(entry: number): string {
    const { bytes, numbers, others } = this.#tree
    const other = others.get(entry)
    if (other !== undefined) return other.name
    const base = entry * ENTRY_NUMBERS
    return bytes.toString('latin1', (numbers[base] ?? 0) + NAME_START, numbers[base + ENTRY.nameEnd])
  }

  /** The node of an entry. */
  node(entry: number): Node {
    if (entry >= this.#tree.count) throw new Error(`no entry ${entry}`)
    return this.#tree.others.get(entry) ?? this.#tree.decode(this.#tree.numbers[entry * ENTRY_NUMBERS] ?? 0)
  }

  /**
   * The text of an entry, if it is known to be as `TreeEncoder` would write it with times in the zones that belong to them. Spares making a node.
   * @param offsetAt - minutes east of Greenwich of the zone at a moment, in seconds since 1970
   */
  textInZone(entry: number, offsetAt: (seconds: number) => number): string | undefined {
    const { bytes, numbers, others, scanner } = this.#tree
    if (scanner === undefined || others.has(entry)) return undefined
    const base = entry * ENTRY_NUMBERS
    const start = numbers[base] ?? 0
    const end = scanner.scan(start, SCANNED_AGAIN, 0)
    const { mtime, atime, ctime } = scanner.offsets
    const isSame =
      scanner.isCanonical &&
      offsetAt(numbers[base + ENTRY.mtime] ?? 0) * 60 === mtime &&
      offsetAt(numbers[base + ENTRY.atime] ?? 0) * 60 === atime &&
      offsetAt(numbers[base + ENTRY.ctime] ?? 0) * 60 === ctime
    return isSame ? bytes.toString('latin1', start, end) : undefined
  }

  /**
   * Whether an entry is known to be a file that these numbers and nothing else (attributes, an error) describe, its name and content aside.
   * False where that would have to be looked at more closely.
   */
  isFileOf(entry: number, file: FileNumbers): boolean {
    const { numbers, texts, others } = this.#tree
    if (others.size > 0 && others.has(entry)) return false
    const base = entry * ENTRY_NUMBERS
    return (
      numbers[base + ENTRY.size] === file.size &&
      numbers[base + ENTRY.mtime] === file.mtime &&
      numbers[base + ENTRY.mtimeFraction] === file.mtimeFraction &&
      numbers[base + ENTRY.ctime] === file.ctime &&
      numbers[base + ENTRY.ctimeFraction] === file.ctimeFraction &&
      numbers[base + ENTRY.atime] === file.atime &&
      numbers[base + ENTRY.atimeFraction] === file.atimeFraction &&
      numbers[base + ENTRY.inode] === file.inode &&
      numbers[base + ENTRY.device] === file.device &&
      numbers[base + ENTRY.mode] === file.mode &&
      numbers[base + ENTRY.links] === file.links &&
      numbers[base + ENTRY.uid] === file.uid &&
      numbers[base + ENTRY.gid] === file.gid &&
      texts[numbers[base + ENTRY.user] ?? 0] === file.user &&
      texts[numbers[base + ENTRY.group] ?? 0] === file.group
    )
  }

  /** All entries as nodes, in their order. */
  *nodes(): Generator<Node, void, undefined> {
    for (let entry = 0; entry < this.count; entry++) yield this.node(entry)
  }

  /** Entries that are not described by numbers: all folders and links, and files that have something that most have not. */
  get others(): Iterable<Node> {
    return this.#tree.others.values()
  }

  /** Takes the files that numbers describe: their bytes, how many names they have, and by which numbers they are known for the same file. */
  forEachPlainFile(visit: (size: number, links: number, inode: number, device: number) => void): void {
    const { count, numbers, others } = this.#tree
    for (let entry = 0; entry < count; entry++) {
      if (others.has(entry)) continue
      const base = entry * ENTRY_NUMBERS
      visit(
        numbers[base + ENTRY.size] ?? 0,
        numbers[base + ENTRY.links] ?? 0,
        numbers[base + ENTRY.inode] ?? 0,
        numbers[base + ENTRY.device] ?? 0,
      )
    }
  }

  /** Takes the ids of all content of all files. @param visit - gets the bytes of an id, which are valid as long as it runs */
  forEachContent(visit: (id: Uint8Array) => void): void {
    const { count, numbers, others } = this.#tree
    for (let entry = 0; entry < count; entry++) {
      const other = others.get(entry)
      if (other !== undefined) {
        other.content?.forEach((id) => visit(idToBytes(id)))
        continue
      }
      const base = entry * ENTRY_NUMBERS
      let start = numbers[base + ENTRY.content] ?? 0
      for (let left = numbers[base + ENTRY.contentCount] ?? 0; left > 0; left--) {
        visit(this.#idAt(start))
        start += CONTENT_STEP
      }
    }
  }

  /** Whether all blobs of a file's content are there. @param has - whether one is, by the bytes of its id, which are valid as long as it runs */
  everyContent(entry: number, has: (id: Uint8Array) => boolean): boolean {
    const { numbers, others } = this.#tree
    const other = others.size === 0 ? undefined : others.get(entry)
    if (other !== undefined) return other.content !== null && other.content.every((id) => has(idToBytes(id)))
    const base = entry * ENTRY_NUMBERS
    let start = numbers[base + ENTRY.content] ?? 0
    for (let left = numbers[base + ENTRY.contentCount] ?? 0; left > 0; left--) {
      if (!has(this.#idAt(start))) return false
      start += CONTENT_STEP
    }
    return true
  }

  /** The bytes of the id that is written at a place of the text; valid until the next call. */
  #idAt(start: number): Uint8Array {
    const { bytes } = this.#tree
    for (let byte = 0, at = start; byte < ID_SIZE; byte++, at += 2) {
      ID_BYTES[byte] = ((HEX_VALUE[bytes[at] ?? 0] ?? 0) << 4) | (HEX_VALUE[bytes[at + 1] ?? 0] ?? 0)
    }
    return ID_BYTES
  }
}
