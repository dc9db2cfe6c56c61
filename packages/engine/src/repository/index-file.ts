import { VarveError } from '@varve/platform/errors'
import { SEAL_OVERHEAD, type BlobType, type PackContents, type PackedBlob } from './blob.ts'
import { ByteStrings } from './byte-strings.ts'
import { ID_SIZE, type Id } from './id.ts'
import { IndexScanner, type PackRecords } from './index-scanner.ts'
import { IndexText } from './index-text.ts'
import { JsonError, JsonReader } from './json-reader.ts'
import { PackedBlobs } from './packed-blobs.ts'

/** Blobs at which an index file is written: restic's number. */
export const INDEX_FILE_BLOBS = 50_000

/** Largest offset or length: the format keeps them in 32 bits. */
const MAX_NUMBER = 0xffff_ffff

/** What an index file says of one pack, in a form that can be handed to another thread. */
export interface IndexedPack {
  readonly id: Id
  /** Its blobs: the `records` of {@link PackedBlobs}. */
  readonly records: Uint32Array<ArrayBuffer>
  /** How many that are. */
  readonly blobs: number
}

/** The JSON text of an index file, as restic writes it. */
export function encodeIndex(packs: readonly PackContents[]): Buffer {
  return encodeIndexedPacks(packs.map(encodeIndexedPack))
}

/** What the index file that will name a pack says of it. */
export function encodeIndexedPack({ id, blobs }: PackContents): IndexedPack {
  return { id, records: PackedBlobs.of(blobs).records, blobs: blobs.length }
}

/** The JSON text of an index file that names some packs, in memory of its own. */
export function encodeIndexedPacks(packs: readonly IndexedPack[]): Buffer {
  const text = new IndexText(
    packs.length,
    packs.reduce((sum, { blobs }) => sum + blobs, 0),
  )
  for (const { id, records } of packs) text.add(id, new PackedBlobs(records))
  return text.finish()
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
  return Array.from(decodePacks(json, name))
}

/**
 * As {@link decodeIndex}, pack by pack: all of an index file at once would be many times its size in memory. What is damaged is found when it is
 * come to.
 */
export function* decodePacks(json: Uint8Array, name: Id): Generator<PackContents, void, undefined> {
  try {
    const reader = new JsonReader(json, KEYS)
    for (let key = reader.firstKey(); key !== undefined; key = reader.nextKey()) {
      if (key !== 'packs') reader.skipValue()
      else yield* elements(reader, readPack)
    }
    reader.end()
  } catch (error) {
    throw damaged(error, name)
  }
}

/** What takes packs in either form. */
export interface PackSink {
  add(pack: PackContents): void
  addRecords(pack: PackRecords): void
}

/**
 * Adds the packs that an index file describes to an index: what {@link decodePacks} gives, without making objects of it.
 * @returns whether packs are all that the file describes
 * @throws ERR_VARVE_DAMAGED naming the index; what comes before the damage is added then
 */
export function indexPacks(json: Uint8Array, name: Id, index: PackSink): boolean {
  const scanner = new IndexScanner(json)
  let onlyPacks = true
  try {
    const reader = new JsonReader(json, KEYS)
    for (let key = reader.firstKey(); key !== undefined; key = reader.nextKey()) {
      if (key !== 'packs') {
        onlyPacks = false
        reader.skipValue()
      } else if (!reader.skipNull()) {
        for (let more = reader.firstElement(); more; more = reader.nextElement()) indexPack(reader, scanner, index)
      }
    }
    reader.end()
    return onlyPacks
  } catch (error) {
    throw damaged(error, name)
  }
}

function indexPack(reader: JsonReader, scanner: IndexScanner, index: PackSink): void {
  const end = scanner.scan(reader.valueStart())
  if (end === -1) return index.add(readPack(reader))
  reader.continueAt(end)
  index.addRecords(scanner)
}

/** What is thrown for what reading an index threw. */
function damaged(error: unknown, name: Id): unknown {
  if (!(error instanceof JsonError)) return error
  return new VarveError('ERR_VARVE_DAMAGED', `index ${name} is damaged: ${error.message}`, { cause: error })
}

const KEYS = new ByteStrings(['packs', 'id', 'blobs', 'type', 'offset', 'length', 'uncompressed_length'])

function readPack(reader: JsonReader): PackContents {
  let id: Id | undefined
  let blobs: readonly PackedBlob[] = []
  for (let key = reader.firstKey(); key !== undefined; key = reader.nextKey()) {
    if (key === 'id') id = readId(reader)
    else if (key === 'blobs') blobs = Array.from(elements(reader, readBlob))
    else reader.skipValue()
  }
  return { id: id ?? reader.fail('a pack with an id'), blobs }
}

function readBlob(reader: JsonReader): PackedBlob {
  let id: Id | undefined
  let type: BlobType | undefined
  let offset: number | undefined
  let length = 0
  let uncompressedLength = 0
  for (let key = reader.firstKey(); key !== undefined; key = reader.nextKey()) {
    if (key === 'id') id = readId(reader)
    else if (key === 'type') type = readType(reader)
    else if (key === 'offset') offset = reader.integer(MAX_NUMBER)
    else if (key === 'length') length = reader.integer(MAX_NUMBER)
    else if (key === 'uncompressed_length') uncompressedLength = reader.integer(MAX_NUMBER)
    else reader.skipValue()
  }
  if (id === undefined || type === undefined || offset === undefined)
    return reader.fail('a blob with id, type and offset')
  if (length < SEAL_OVERHEAD) return reader.fail(`a blob with at least ${SEAL_OVERHEAD} bytes`)
  return { type, id, offset, length, uncompressedLength }
}

/** Go writes null where it has no list. */
function* elements<T>(reader: JsonReader, read: (reader: JsonReader) => T): Generator<T, void, undefined> {
  if (reader.skipNull()) return
  for (let more = reader.firstElement(); more; more = reader.nextElement()) yield read(reader)
}

function readId(reader: JsonReader): Id {
  return reader.hex(ID_SIZE * 2) as Id
}

function readType(reader: JsonReader): BlobType {
  const type = reader.repeatedString()
  return type === 'data' || type === 'tree' ? type : reader.fail(`'data' or 'tree'`)
}
