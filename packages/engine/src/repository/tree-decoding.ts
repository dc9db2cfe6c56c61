import { VarveError } from '@varve/platform/errors'
import { isEntryName, nameFromBytes } from '@varve/platform/file-name'
import { ByteStrings } from './byte-strings.ts'
import { ENTRY_NUMBERS, EntryScanner } from './entry-scanner.ts'
import { unquoteName } from './go-quote.ts'
import { ID_SIZE, type Id } from './id.ts'
import { JsonError, JsonReader } from './json-reader.ts'
import type { ExtendedAttribute } from '@varve/platform'
import type { Node, NodeType, Tree } from './node.ts'
import { isTimestamp, ZERO_TIME, type Timestamp } from './timestamp.ts'
import { TreeEntries } from './tree-entries.ts'

const UINT32 = 0xffff_ffff
const NO_ATTRIBUTES: readonly ExtendedAttribute[] = []
const NO_GENERIC_ATTRIBUTES: ReadonlyMap<string, string> = new Map()

const KEYS = new ByteStrings(
  (
    'nodes name type mode mtime atime ctime uid gid user group inode device_id size links linktarget linktarget_raw ' +
    'extended_attributes generic_attributes device content subtree error value'
  ).split(' '),
)

const NODE_TYPES: ReadonlyMap<string, NodeType> = new Map(
  (['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'] as const).map((type) => [type, type]),
)

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
  const own = numbers.slice(0, count * ENTRY_NUMBERS)
  if (numbers.length > KEPT_NUMBERS) numbers = new Float64Array(256 * ENTRY_NUMBERS)
  const decode = (start: number): Node => readNode(new JsonReader(text.subarray(start), KEYS))
  return new TreeEntries({ bytes: text, count, numbers: own, texts: scanner.texts, others, scanner, decode })
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
    const reader = new JsonReader(bytes, KEYS)
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

function readNode(reader: JsonReader): Node {
  let name = ''
  let type: NodeType | undefined
  let mode = 0
  let mtime = ZERO_TIME
  let atime = ZERO_TIME
  let ctime = ZERO_TIME
  let uid = 0
  let gid = 0
  let user = ''
  let group = ''
  let inode = 0n
  let deviceId = 0n
  let size = 0n
  let links = 0n
  let linkTarget = ''
  let rawLinkTarget: string | undefined
  let extendedAttributes: readonly ExtendedAttribute[] = NO_ATTRIBUTES
  let genericAttributes: ReadonlyMap<string, string> = NO_GENERIC_ATTRIBUTES
  let device = 0n
  let content: readonly Id[] | null = null
  let subtree: Id | undefined
  let error = ''
  for (let key = reader.firstKey(); key !== undefined; key = reader.nextKey()) {
    if (reader.skipNull()) continue
    switch (key) {
      case 'name':
        name = readName(reader)
        break
      case 'type':
        type = NODE_TYPES.get(reader.repeatedString()) ?? reader.fail('a known type')
        break
      case 'mode':
        mode = reader.integer(UINT32)
        break
      case 'mtime':
        mtime = readTime(reader)
        break
      case 'atime':
        atime = readTime(reader)
        break
      case 'ctime':
        ctime = readTime(reader)
        break
      case 'uid':
        uid = reader.integer(UINT32)
        break
      case 'gid':
        gid = reader.integer(UINT32)
        break
      case 'user':
        user = reader.repeatedString()
        break
      case 'group':
        group = reader.repeatedString()
        break
      case 'inode':
        inode = reader.uint64()
        break
      case 'device_id':
        deviceId = reader.uint64()
        break
      case 'size':
        size = reader.uint64()
        break
      case 'links':
        links = reader.uint64()
        break
      case 'linktarget':
        linkTarget = reader.string()
        break
      case 'linktarget_raw':
        rawLinkTarget = nameFromBytes(readBase64(reader))
        break
      case 'extended_attributes':
        extendedAttributes = readAttributes(reader)
        break
      case 'generic_attributes':
        genericAttributes = readGenericAttributes(reader)
        break
      case 'device':
        device = reader.uint64()
        break
      case 'content':
        content = readIds(reader)
        break
      case 'subtree':
        subtree = readId(reader)
        break
      case 'error':
        error = reader.string()
        break
      default:
        reader.skipValue()
    }
  }
  if (!isEntryName(name)) reader.fail('an entry with the name of a file')
  if (type === undefined) reader.fail('an entry with a type')
  return {
    name,
    type,
    mode,
    mtime,
    atime,
    ctime,
    uid,
    gid,
    user,
    group,
    inode,
    deviceId,
    size,
    links,
    linkTarget: rawLinkTarget ?? linkTarget,
    extendedAttributes,
    genericAttributes,
    device,
    content,
    subtree,
    error,
  }
}

function readName(reader: JsonReader): string {
  return unquoteName(reader.string()) ?? reader.fail('a quoted name')
}

function readTime(reader: JsonReader): Timestamp {
  const text = reader.repeatedString()
  return isTimestamp(text) ? text : reader.fail('a time')
}

function readId(reader: JsonReader): Id {
  return reader.hex(2 * ID_SIZE) as Id
}

function readIds(reader: JsonReader): readonly Id[] {
  const ids: Id[] = []
  for (let more = reader.firstElement(); more; more = reader.nextElement()) ids.push(readId(reader))
  return ids
}

function readBase64(reader: JsonReader): Buffer {
  const text = reader.string()
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : reader.fail('base64')
}

function readAttributes(reader: JsonReader): readonly ExtendedAttribute[] {
  const attributes: ExtendedAttribute[] = []
  for (let more = reader.firstElement(); more; more = reader.nextElement()) attributes.push(readAttribute(reader))
  return attributes
}

function readAttribute(reader: JsonReader): ExtendedAttribute {
  let name = ''
  let value: Uint8Array | null = null
  for (let key = reader.firstKey(); key !== undefined; key = reader.nextKey()) {
    if (reader.skipNull()) continue
    if (key === 'name') name = reader.repeatedString()
    else if (key === 'value') value = readBase64(reader)
    else reader.skipValue()
  }
  return { name, value }
}

function readGenericAttributes(reader: JsonReader): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  for (let key = reader.firstKey(); key !== undefined; key = reader.nextKey()) attributes.set(key, reader.raw())
  return attributes
}
