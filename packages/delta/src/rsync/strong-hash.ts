import { hash } from 'node:crypto'

/** SHA-256. BLAKE2b of 32 bytes and MD4 are for signatures of librsync only. */
export type StrongHash = 'sha256' | 'blake2b' | 'md4'

/** Bytes of each hash: a signature may keep fewer. */
export const STRONG_HASH_LENGTH: Readonly<Record<StrongHash, number>> = { sha256: 32, blake2b: 32, md4: 16 }

/** The whole strong hash of a block. */
export function strongHash(kind: StrongHash, block: Uint8Array): Uint8Array {
  if (kind !== 'sha256') throw new Error(`${kind} is not there yet`)
  return hash('sha256', block, 'buffer')
}
