import * as v from 'valibot'
import type { ChunkerParameters } from '../chunking/chunker.ts'
import { isIrreducible } from '../chunking/polynomial.ts'
import { VarveError } from '@varve/platform/errors'
import type { RepositoryConfig } from './repository.ts'

const CONFIG = v.object({
  version: v.pipe(v.number(), v.integer()),
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/i)),
  chunker_polynomial: v.pipe(v.string(), v.regex(/^[0-9a-f]{1,16}$/i)),
  // rustic's, who lets a repository choose how its files are cut; restic ignores these.
  chunker: v.nullish(v.string()),
  chunk_size: v.nullish(v.number()),
  chunk_min_size: v.nullish(v.number()),
  chunk_max_size: v.nullish(v.number()),
})

/** The sizes that restic's chunker has, in bytes; a repository may name them without meaning anything else. */
const RABIN_SIZES = { average: 1024 * 1024, min: 512 * 1024, max: 8 * 1024 * 1024 } as const
/** Bytes of the largest fixed-size chunks that are honoured; a thread needs a few times as much memory. */
const MAX_FIXED_SIZE = 64 * 1024 * 1024

/** The JSON text of a repository's config, as restic writes it. */
export function encodeConfig(config: RepositoryConfig): Buffer {
  return Buffer.from(
    JSON.stringify({
      version: config.version,
      id: config.id,
      chunker_polynomial: config.chunkerPolynomial.toString(16),
    }),
  )
}

/**
 * A repository's config from its JSON text. Unknown fields are passed over.
 *
 * rustic can set up repositories whose files are cut in other ways. Pieces of one fixed size are honoured. Where we could not cut in the same
 * places, the config has no `chunker`: such a repository can be read, and nothing can be saved to it.
 *
 * @throws ERR_VARVE_REPOSITORY_VERSION where it is of a later version, ERR_VARVE_DAMAGED where it is no config
 */
export function decodeConfig(json: Uint8Array): RepositoryConfig {
  const parsed = v.safeParse(CONFIG, parseJson(json))
  if (!parsed.success) throw damaged(`${v.getDotPath(parsed.issues[0]) ?? 'it'}: ${parsed.issues[0].message}`)
  const { version, id, chunker_polynomial } = parsed.output
  if (version !== 1 && version !== 2) {
    throw new VarveError('ERR_VARVE_REPOSITORY_VERSION', `the repository is of version ${version}; known are 1 and 2`, {
      hint: 'use a newer Varve, or the program that made the repository',
    })
  }
  const chunkerPolynomial = BigInt(`0x${chunker_polynomial}`)
  if (!isIrreducible(chunkerPolynomial)) throw damaged('its chunker polynomial is not irreducible')
  const chunker = chunkerOf(parsed.output, chunkerPolynomial)
  return { version, id, chunkerPolynomial, ...(chunker && { chunker }) }
}

function chunkerOf(config: v.InferOutput<typeof CONFIG>, polynomial: bigint): ChunkerParameters | undefined {
  const size = config.chunk_size ?? RABIN_SIZES.average
  switch (config.chunker?.toLowerCase().replace('_', '') ?? 'rabin') {
    case 'rabin': {
      const min = config.chunk_min_size ?? RABIN_SIZES.min
      const max = config.chunk_max_size ?? RABIN_SIZES.max
      const same = size === RABIN_SIZES.average && min === RABIN_SIZES.min && max === RABIN_SIZES.max
      return same ? { kind: 'rabin', polynomial } : undefined
    }
    case 'fixedsize':
      return Number.isSafeInteger(size) && size >= 1 && size <= MAX_FIXED_SIZE ? { kind: 'fixed', size } : undefined
    default:
      return undefined
  }
}

function parseJson(json: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString())
  } catch {
    throw damaged('it is not JSON')
  }
}

function damaged(message: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `the config is damaged: ${message}`)
}
