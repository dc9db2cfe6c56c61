import { compareNames, nameToBytes } from '@varve/platform/file-name'
import { quoteName } from './go-quote.ts'
import { jsonString } from './json-string.ts'
import { compactJson } from './json-compacting.ts'
import type { Id } from './id.ts'
import type { ExtendedAttribute } from '@varve/platform'
import type { Node } from './node.ts'
import { releaseNow } from '../release-now.ts'
import { canonicalTimestamp } from './timestamp.ts'

/**
 * A folder's tree blob, byte for byte as restic writes it (`internal/data/tree.go` and `node.go`), with the newline at
 * its end.
 * @param nodes - strictly ascending by the bytes of their names; anything else throws a plain Error
 */
export function encodeTree(nodes: readonly Node[]): Buffer {
  const encoder = new TreeEncoder()
  for (const node of nodes) encoder.add(node)
  return encoder.finish()
}

/**
 * Characters after which text becomes bytes: strings that grow into the megabytes are slow to turn into bytes and weigh
 * on the collector.
 */
const PIECE_LENGTH = 65_536

/** Encodes a folder entry by entry: what {@link encodeTree} does, for those who do not have all entries at once. */
export class TreeEncoder {
  readonly #pieces: Buffer[] = []
  #json = '{"nodes":['
  #lastName = ''

  /** Appends an entry. Throws a plain Error where its name does not come after the one before. */
  add(node: Node): void {
    this.addEncoded(node.name, encodeNode(node))
  }

  /** As {@link add}, of an entry that is encoded already. */
  addEncoded(name: string, json: string): void {
    if (compareNames(this.#lastName, name) >= 0) {
      throw new Error(`tree entries out of order: ${JSON.stringify(name)} after ${JSON.stringify(this.#lastName)}`)
    }
    this.#json += (this.#lastName === '' ? '' : ',') + json
    this.#lastName = name
    if (this.#json.length >= PIECE_LENGTH) this.#endPiece()
  }

  /** The blob of all entries. The encoder is used up then. */
  finish(): Buffer {
    this.#json += ']}\n'
    this.#endPiece()
    const [first] = this.#pieces
    return first !== undefined && this.#pieces.length === 1 ? first : this.#joinPieces()
  }

  /** The blob as it would be if only `rest` came after what there is; the encoder goes on as if it had not been asked. */
  finishedWith(rest: readonly Node[]): Buffer {
    const end = new TreeEncoder()
    end.#json = this.#json
    end.#lastName = this.#lastName
    for (const node of rest) end.add(node)
    return Buffer.concat([...this.#pieces, end.finish()])
  }

  /** Gives each piece's memory back as soon as it is copied: a folder with very many entries has a tree of tens of megabytes. */
  #joinPieces(): Buffer {
    const tree = Buffer.allocUnsafeSlow(this.#pieces.reduce((sum, piece) => sum + piece.length, 0))
    let end = 0
    for (const piece of this.#pieces) {
      end += piece.copy(tree, end)
      if (piece.byteLength === piece.buffer.byteLength) releaseNow(piece)
    }
    return tree
  }

  #endPiece(): void {
    this.#pieces.push(Buffer.from(this.#json, 'utf8'))
    this.#json = ''
  }
}

function encodeNode(node: Node): string {
  let json = `{"name":${jsonString(quoteName(node.name))},"type":"${node.type}"`
  if (node.mode !== 0) json += `,"mode":${node.mode}`
  json += `,"mtime":"${canonicalTimestamp(node.mtime)}","atime":"${canonicalTimestamp(node.atime)}"`
  json += `,"ctime":"${canonicalTimestamp(node.ctime)}","uid":${node.uid},"gid":${node.gid}`
  if (node.user !== '') json += `,"user":${jsonString(node.user)}`
  if (node.group !== '') json += `,"group":${jsonString(node.group)}`
  if (node.inode !== 0n) json += `,"inode":${node.inode}`
  if (node.deviceId !== 0n) json += `,"device_id":${node.deviceId}`
  if (node.size !== 0n) json += `,"size":${node.size}`
  if (node.links !== 0n) json += `,"links":${node.links}`
  if (node.linkTarget !== '') json += linkTarget(node.linkTarget)
  if (node.extendedAttributes.length > 0)
    json += `,"extended_attributes":[${node.extendedAttributes.map(attribute).join()}]`
  if (node.genericAttributes.size > 0) json += `,"generic_attributes":{${genericAttributes(node.genericAttributes)}}`
  if (node.device !== 0n) json += `,"device":${node.device}`
  json += `,"content":${contentList(node.content)}`
  if (node.subtree !== undefined) json += `,"subtree":"${node.subtree}"`
  if (node.error !== '') json += `,"error":${jsonString(node.error)}`
  return `${json}}`
}

function contentList(content: readonly Id[] | null): string {
  if (content === null) return 'null'
  return content.length === 0 ? '[]' : `["${content.join('","')}"]`
}

function linkTarget(target: string): string {
  const json = `,"linktarget":${jsonString(target)}`
  return target.isWellFormed() ? json : `${json},"linktarget_raw":"${nameToBytes(target).toString('base64')}"`
}

function attribute({ name, value }: ExtendedAttribute): string {
  return `{"name":${jsonString(name)},"value":${value === null ? 'null' : `"${base64(value)}"`}}`
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function genericAttributes(attributes: ReadonlyMap<string, string>): string {
  return [...attributes]
    .toSorted(([a], [b]) => compareNames(a, b))
    .map(([name, json]) => `${jsonString(name)}:${compactJson(json)}`)
    .join()
}
