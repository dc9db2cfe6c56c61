import { createHash, hash } from 'node:crypto'
import { nameToBytes } from '@varve/platform/file-name'
import type { Compression } from '../tar-volume/compression.ts'

/** Name of the member that describes all others; it is the first one. */
export const MANIFEST = 'manifest'

/** How an archive can be compressed. */
export type ArchiveCompression = Exclude<Compression, 'none'>

/** Whether a member holds a file as it is, or the delta that makes it. */
export type MemberKind = 'created' | 'updated'

/** Name of the member for the file at `path`. */
export function memberName(kind: MemberKind, path: string): string {
  return `${kind}/${hash('sha256', nameToBytes(path), 'hex')}`
}

const SHA256_LENGTH = 32

/*
 * The seal is SHA-256 of all bytes of the file before it, in a form that programs pass over: checksums of gzip and Zstandard cover content, not their own headers,
 * and say nothing of the whole.
 */

/** A gzip member without content whose extra field (RFC 1952, 2.3.1.1) of the kind `VS` is the seal. */
const GZIP_SEAL_START = Buffer.from([
  0x1f,
  0x8b,
  8,
  4,
  0,
  0,
  0,
  0,
  0,
  0xff,
  4 + SHA256_LENGTH,
  0,
  0x56,
  0x53,
  SHA256_LENGTH,
  0,
])
const GZIP_SEAL_END = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0])

/** A skippable frame (RFC 8878, 3.1.2) that holds `VRVS` and the seal. */
const ZSTD_SEAL_START = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4 + SHA256_LENGTH, 0, 0, 0, 0x56, 0x52, 0x56, 0x53])

const SEALS = {
  gzip: { start: GZIP_SEAL_START, end: GZIP_SEAL_END },
  zstd: { start: ZSTD_SEAL_START, end: Buffer.alloc(0) },
} as const satisfies Record<ArchiveCompression, { readonly start: Buffer; readonly end: Buffer }>

/** Bytes of the seal at the end of an archive. */
export function sealLength(compression: ArchiveCompression): number {
  const { start, end } = SEALS[compression]
  return start.length + SHA256_LENGTH + end.length
}

/** Takes all bytes of an archive, and makes or checks its seal. */
export class Seal {
  readonly #compression: ArchiveCompression
  readonly #hash = createHash('sha256')

  constructor(compression: ArchiveCompression) {
    this.#compression = compression
  }

  /** Takes the next bytes of the archive. */
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  /** The seal for all bytes that were taken. Nothing can be taken afterwards. */
  finish(): Buffer {
    const { start, end } = SEALS[this.#compression]
    return Buffer.concat([start, this.#hash.digest(), end])
  }
}
