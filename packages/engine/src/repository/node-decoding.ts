import { isEntryName, nameFromBytes } from '@varve/platform/file-name'
import { ByteStrings } from './byte-strings.ts'
import { unquoteName } from './go-quote.ts'
import { ID_SIZE, type Id } from './id.ts'
import type { JsonReader } from './json-reader.ts'
import type { ExtendedAttribute } from '@varve/platform'
import type { Node, NodeType } from './node.ts'
import { isTimestamp, ZERO_TIME, type Timestamp } from './timestamp.ts'

const UINT32 = 0xffff_ffff
const NO_ATTRIBUTES: readonly ExtendedAttribute[] = []
const NO_GENERIC_ATTRIBUTES: ReadonlyMap<string, string> = new Map()

/** The keys of a tree and its nodes. */
export const TREE_KEYS = new ByteStrings(
  (
    'nodes name type mode mtime atime ctime uid gid user group inode device_id size links linktarget linktarget_raw ' +
    'extended_attributes generic_attributes device content subtree error value'
  ).split(' '),
)

const NODE_TYPES: ReadonlyMap<string, NodeType> = new Map(
  (['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'] as const).map((type) => [type, type]),
)

/**
 * The entry of a tree that a reader is at. What is read and what is refused: see `decodeTree`.
 * @throws JsonError
 */
export function readNode(reader: JsonReader): Node {
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
