import type { Chunker, ChunkerParameters } from './chunker.ts'
import { FixedChunker } from './fixed.ts'
import { RabinChunker } from './rabin.ts'

/**
 * The chunker that the parameters name. Synchronous; a chunker holds its buffer as long as it lives, so threads keep
 * one.
 *
 * @throws ERR_VARVE_BAD_ARGUMENT where the parameters make no sense
 */
export function createChunker(parameters: ChunkerParameters): Chunker {
  return parameters.kind === 'rabin' ? new RabinChunker(parameters.polynomial) : new FixedChunker(parameters.size)
}
