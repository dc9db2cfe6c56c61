import { closeSync, fstatSync, openSync, read, readSync } from 'node:fs'
import { promisify } from 'node:util'
import { toFsPath } from '@varve/platform/file-name'
import type { ByteReader } from './byte-stream.ts'

/** Bytes up to which a file is read without leaving the thread: that takes less time than asking another one for it. */
const GREATEST_AT_ONCE = 1024 * 1024

const readFrom = promisify(read)

/** A file that is read from the front to the end, until it is disposed of: not before what is being read has come. */
export interface FileReader extends ByteReader, Disposable {
  /** Bytes that it had when it was opened. */
  readonly size: number
}

/**
 * Opens the file at `path`.
 *
 * @throws the system's errors
 */
export function openReader(path: string): FileReader {
  const file = openSync(toFsPath(path), 'r')
  try {
    const { size } = fstatSync(file)
    return {
      size,
      read:
        size <= GREATEST_AT_ONCE
          ? (target) => readSync(file, target, 0, target.length, null)
          : async (target) => (await readFrom(file, target, 0, target.length, null)).bytesRead,
      [Symbol.dispose]: () => closeSync(file),
    }
  } catch (error) {
    closeSync(file)
    throw error
  }
}
