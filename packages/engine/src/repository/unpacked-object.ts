import { VarveError } from '@varve/platform/errors'
import { compressBound, decompressElsewhere, decompressUpTo, type Compressor } from './compression.ts'
import type { RepositoryConfig } from './repository.ts'

/** First byte of a compressed document; a JSON document that is not begins with a bracket. */
const COMPRESSED = 2
const BRACKET = 0x5b
const BRACE = 0x7b

/** Bytes of the largest document that is taken: a snapshot with very many sources and exclusions. */
const MAX_DOCUMENT = 64 * 1024 ** 2
/** Bytes of the largest index that is taken, one of several million blobs. */
const MAX_INDEX = 1024 ** 3

/** What is sealed of a JSON document: a frame from version 2 on, the text itself before. */
export function encodeUnpacked(
  json: Uint8Array,
  version: RepositoryConfig['version'],
  compressor: Compressor,
): Uint8Array {
  if (version === 1) return json
  const encoded = Buffer.allocUnsafeSlow(1 + compressBound(json.length))
  encoded[0] = COMPRESSED
  return encoded.subarray(0, 1 + compressor.compressInto(json, encoded, 1))
}

/**
 * The JSON text of what was sealed.
 * @throws ERR_VARVE_DAMAGED saying what is wrong; the caller names the object
 */
export function decodeUnpacked(opened: Uint8Array, version: RepositoryConfig['version']): Uint8Array {
  return isCompressed(opened, version) ? decompressUpTo(opened.subarray(1), MAX_DOCUMENT) : opened
}

/** As {@link decodeUnpacked}, for an index, which may be larger than anything else; with the work done outside this thread. */
export async function decodeUnpackedElsewhere(
  opened: Uint8Array,
  version: RepositoryConfig['version'],
): Promise<Uint8Array> {
  return isCompressed(opened, version) ? decompressElsewhere(opened.subarray(1), MAX_INDEX) : opened
}

function isCompressed(opened: Uint8Array, version: RepositoryConfig['version']): boolean {
  const [first] = opened
  if (version === 1 || first === undefined || first === BRACKET || first === BRACE) return false
  if (first === COMPRESSED) return true
  throw new VarveError('ERR_VARVE_DAMAGED', `it begins with the unknown byte ${first}`)
}
