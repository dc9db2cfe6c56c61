import { VarveError } from '../errors.ts'
import { SEAL_OVERHEAD, type PackContents, type PackedBlob } from './blob.ts'
import { isId, type Id } from './id.ts'

/** Blobs at which an index file is written: restic's number. */
export const INDEX_FILE_BLOBS = 50_000

/** Largest offset or length: the format keeps them in 32 bits. */
const MAX_NUMBER = 0xffff_ffff

/** What an index file says of one pack: a part of its JSON text. */
export interface IndexedPack {
  readonly text: Uint8Array<ArrayBuffer>
  /** How many blobs it names. */
  readonly blobs: number
}

/** The JSON text of an index file, as restic writes it. */
export function encodeIndex(packs: readonly PackContents[]): Buffer {
  return joinIndexedPacks(packs.map(encodeIndexedPack))
}

/** What the index file that will name a pack says of it. */
export function encodeIndexedPack(pack: PackContents): IndexedPack {
  const blobs = pack.blobs.map(
    ({ id, type, offset, length, uncompressedLength }) =>
      `{"id":"${id}","type":"${type}","offset":${offset},"length":${length}` +
      (uncompressedLength === 0 ? '}' : `,"uncompressed_length":${uncompressedLength}}`),
  )
  const text = new TextEncoder().encode(`{"id":"${pack.id}","blobs":[${blobs.join()}]}`)
  return { text, blobs: blobs.length }
}

/** The JSON text of an index file that names some packs, in memory of its own. */
export function joinIndexedPacks(packs: readonly IndexedPack[]): Buffer {
  const pieces: Uint8Array[] = []
  for (const { text } of packs) pieces.push(Buffer.from(pieces.length === 0 ? '{"packs":[' : ','), text)
  pieces.push(Buffer.from(packs.length === 0 ? '{"packs":[]}\n' : ']}\n'))
  const joined = Buffer.allocUnsafeSlow(pieces.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const piece of pieces) {
    joined.set(piece, end)
    end += piece.length
  }
  return joined
}

/**
 * The packs that an index file describes. Fields that other programs, or other times, put there are passed over: `supersedes`
 * (restic before 0.10), `packs_to_delete`, `time` and `size` (rustic).
 *
 * @param json - its text
 * @param name - its name, for messages
 * @throws ERR_VARVE_DAMAGED naming the index
 */
export function decodeIndex(json: Uint8Array, name: Id): readonly PackContents[] {
  try {
    const file: unknown = JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString())
    if (!isRecord(file)) throw damaged('it is no JSON object')
    return listOf(file['packs'], 'packs').map(decodePack)
  } catch (error) {
    const reason = error instanceof VarveError ? error.message : 'it is not JSON'
    throw new VarveError('ERR_VARVE_DAMAGED', `index ${name} is damaged: ${reason}`, { cause: error })
  }
}

function decodePack(pack: unknown): PackContents {
  if (!isRecord(pack)) throw damaged('a pack is no JSON object')
  return { id: idIn(pack), blobs: listOf(pack['blobs'], 'blobs').map(decodeBlob) }
}

function decodeBlob(blob: unknown): PackedBlob {
  if (!isRecord(blob)) throw damaged('a blob is no JSON object')
  const type = blob['type']
  if (type !== 'data' && type !== 'tree') throw damaged(`a blob is of the unknown type '${String(type).slice(0, 40)}'`)
  const offset = numberIn(blob, 'offset')
  const length = numberIn(blob, 'length')
  if (length < SEAL_OVERHEAD) throw damaged(`a blob has only ${length} bytes`)
  const uncompressedLength = blob['uncompressed_length'] === undefined ? 0 : numberIn(blob, 'uncompressed_length')
  return { type, id: idIn(blob), offset, length, uncompressedLength }
}

/** Go writes null where it has no list. */
function listOf(value: unknown, what: string): readonly unknown[] {
  if (value === null || value === undefined) return []
  if (!Array.isArray(value)) throw damaged(`its ${what} are no list`)
  return value
}

function idIn(record: Readonly<Record<string, unknown>>): Id {
  const id = record['id']
  if (typeof id === 'string' && isId(id)) return id
  throw damaged('something in it has no id')
}

function numberIn(record: Readonly<Record<string, unknown>>, field: string): number {
  const value = record[field]
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_NUMBER) return value
  throw damaged(`${field} of a blob is no number from 0 to ${MAX_NUMBER}`)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function damaged(message: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', message)
}
