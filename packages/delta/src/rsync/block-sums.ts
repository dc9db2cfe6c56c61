import type { StrongHash, WeakHash } from './block-hashes.ts'

/** How a file is cut into blocks, and what is kept of each. */
export interface SignatureParameters {
  /** Bytes of each block but the last, which may have fewer. */
  readonly blockSize: number
  readonly weakHash: WeakHash
  readonly strongHash: StrongHash
  /** Bytes that are kept of each strong hash. */
  readonly strongLength: number
}

/** What is kept of a file's blocks: enough to find them anywhere in another file. */
export interface BlockSums {
  readonly parameters: SignatureParameters
  readonly blockCount: number
  /** One weak sum a block. */
  readonly weak: Uint32Array<ArrayBuffer>
  /** `strongLength` bytes a block. */
  readonly strong: Uint8Array<ArrayBuffer>
}
