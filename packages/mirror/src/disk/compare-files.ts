import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { describeError, systemErrorCode } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { PIECE, READ_FLAGS } from './copy-file.ts'

/** What reading a file, or two, told. */
export type ReadOutcome =
  | {
      readonly kind: 'read'
      /** SHA-256 of the (first) file. */
      readonly hash: Uint8Array
      /** Whether the second file holds the same. */
      readonly equal: boolean
    }
  | { readonly kind: 'failed'; readonly message: string }

/** Reads files to find out their hashes. */
export class FileReading {
  readonly #buffer = Buffer.allocUnsafeSlow(PIECE)

  /** Hash of a file, and whether another holds the same. */
  compare(path: string, other: string): ReadOutcome {
    try {
      const hash = this.#hash(path)
      return { kind: 'read', hash, equal: this.#hash(other).equals(hash) }
    } catch (error) {
      return failure(error)
    }
  }

  /** Hash of a file. */
  read(path: string): ReadOutcome {
    try {
      return { kind: 'read', hash: this.#hash(path), equal: true }
    } catch (error) {
      return failure(error)
    }
  }

  #hash(path: string): Buffer {
    const fd = openSync(toFsPath(path), READ_FLAGS)
    try {
      if (!fstatSync(fd).isFile()) throw Object.assign(new Error('it is no file'), { code: 'EINVAL' })
      const hash = createHash('sha256')
      for (let count = readSync(fd, this.#buffer); count > 0; count = readSync(fd, this.#buffer)) {
        hash.update(this.#buffer.subarray(0, count))
      }
      return hash.digest()
    } finally {
      closeSync(fd)
    }
  }
}

function failure(error: unknown): ReadOutcome {
  if (systemErrorCode(error) === undefined) throw error
  return { kind: 'failed', message: describeError(error) }
}
