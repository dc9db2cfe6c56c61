import { writeSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

/**
 * Most bytes that a call writes. A file system keeps what comes in one call in pieces of memory as large as it can get, and where a virtual machine has
 * lent free memory to its host, large pieces are those that it has to ask back (`bench/storage.ts` measures both).
 */
const WRITE_STEP = 512 * 1024

/** Writes all bytes where the file stands. @throws a system error */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, Math.min(WRITE_STEP, bytes.length - done))).bytesWritten
  }
}

/** Writes all bytes at an offset, or where the file stands. @throws a system error */
export function writeAllSync(fd: number, bytes: Uint8Array, offset: number | null = null): void {
  for (let done = 0; done < bytes.length;) {
    const position = offset === null ? null : offset + done
    done += writeSync(fd, bytes, done, Math.min(WRITE_STEP, bytes.length - done), position)
  }
}
