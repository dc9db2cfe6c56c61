import { VarveError } from '@varve/platform/errors'
import { ENTRY_NUMBERS, EntryScanner } from './entry-scanner.ts'
import type { Id } from './id.ts'
import { JsonError, JsonReader } from './json-reader.ts'
import { readNode, TREE_KEYS } from './node-decoding.ts'
import type { Node, Tree } from './node.ts'
import { TreeEntries, type ScannedTree } from './tree-entries.ts'

/**
 * A folder's entries from its tree blob.
 *
 * As tolerant as restic: fields that it does not know are ignored, fields may come in any order, a missing or null
 * field has its zero value, and entries may be out of order or there twice. Stricter where what it gives would be
 * dangerous: a name that cannot be an entry's (empty, `.`, `..`, with `/` or NUL) makes the whole tree damaged, for no
 * honest client writes one.
 *
 * @param id - names the tree in errors
 * @throws ERR_VARVE_DAMAGED where `bytes` is no tree
 */
export function decodeTree(bytes: Uint8Array, id: Id): Tree {
  let nodes: Node[] = []
  readTree(bytes, id, {
    begin: () => {
      nodes = []
    },
    entry: (reader) => nodes.push(readNode(reader)),
  })
  return { nodes }
}

/** Numbers of the entries being read: those of most folders fit, and are copied when it is known how many there are. */
let numbers = new Float64Array(256 * ENTRY_NUMBERS)

/** Numbers that are kept for the next tree; those of a folder with very many entries are not. */
const KEPT_NUMBERS = 65_536 * ENTRY_NUMBERS

/**
 * A folder's entries from its tree blob, as {@link decodeTree} would give them, but made into nodes only when one is asked for.
 *
 * @param bytes - must not change as long as the entries are used
 * @throws ERR_VARVE_DAMAGED where `bytes` is no tree
 */
export function decodeEntries(bytes: Uint8Array, id: Id): TreeEntries {
  return new TreeEntries(scanTree(bytes, id, (from, length) => from.slice(0, length)))
}

/** As {@link decodeEntries}, for entries that are used only until the next tree is decoded: they need no memory of their own. */
export function decodeEntriesForNow(bytes: Uint8Array, id: Id): TreeEntries {
  return new TreeEntries(scanTree(bytes, id, (from, length) => from.subarray(0, length)))
}

function scanTree(
  bytes: Uint8Array,
  id: Id,
  firstOf: (numbers: Float64Array, length: number) => Float64Array,
): ScannedTree {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const scanner = new EntryScanner(text)
  let others = new Map<number, Node>()
  let count = 0
  readTree(bytes, id, {
    begin: () => {
      count = 0
      others = new Map()
    },
    entry: (reader) => {
      if ((count + 1) * ENTRY_NUMBERS > numbers.length) numbers = grown(numbers)
      const end = scanner.scan(reader.valueStart(), numbers, count * ENTRY_NUMBERS)
      if (end === -1) others.set(count, readNode(reader))
      else reader.continueAt(end)
      count++
    },
  })
  const found = firstOf(numbers, count * ENTRY_NUMBERS)
  if (numbers.length > KEPT_NUMBERS) numbers = new Float64Array(256 * ENTRY_NUMBERS)
  const decode = (start: number): Node => readNode(new JsonReader(text.subarray(start), TREE_KEYS))
  return { bytes: text, count, numbers: found, texts: scanner.texts, others, scanner, decode }
}

function grown(full: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(full.length * 2)
  larger.set(full)
  return larger
}

interface EntryVisitor {
  /** A list of entries begins; the last one counts. */
  begin(): void
  /** The reader is at an entry, and is past it afterwards. */
  entry(reader: JsonReader): void
}

function readTree(bytes: Uint8Array, id: Id, visitor: EntryVisitor): void {
  try {
    const reader = new JsonReader(bytes, TREE_KEYS)
    readNodes(reader, visitor)
    reader.end()
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new VarveError('ERR_VARVE_DAMAGED', `tree ${id} is damaged: ${error.message}`, { cause: error })
  }
}

function readNodes(reader: JsonReader, visitor: EntryVisitor): void {
  let found = false
  for (let key = reader.firstKey(); key !== undefined; key = reader.nextKey()) {
    if (key !== 'nodes') {
      reader.skipValue()
      continue
    }
    found = true
    visitor.begin()
    if (reader.skipNull()) continue
    for (let more = reader.firstElement(); more; more = reader.nextElement()) visitor.entry(reader)
  }
  if (!found) reader.fail(`'nodes'`)
}
