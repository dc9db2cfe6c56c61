import { open } from 'node:fs/promises'
import { toFsPath } from '@varve/platform/file-name'

/** A file, or what can be read like one, at any place. */
export interface RandomAccess {
  /** Bytes that there are. */
  readonly size: number
  /**
   * Reads from `position` on.
   *
   * @param target - where to put it, not empty
   * @returns how many bytes: fewer than `target` holds only where less is there or the system gave less; 0 at the end
   */
  read(target: Uint8Array, position: number): number | Promise<number>
}

/** A file that is open for reading, until it is closed or disposed of. */
export interface OpenFile extends RandomAccess, AsyncDisposable {
  close(): Promise<void>
}

/**
 * Opens the file at `path`.
 *
 * @throws the system's errors
 */
export async function openFile(path: string): Promise<OpenFile> {
  const file = await open(toFsPath(path))
  try {
    const { size } = await file.stat()
    const close = () => file.close()
    return {
      size,
      read: async (target, position) => (await file.read(target, 0, target.length, position)).bytesRead,
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Bytes in memory, read like a file. */
export function accessTo(bytes: Uint8Array): RandomAccess {
  return {
    size: bytes.length,
    read: (target, position) => {
      const part = bytes.subarray(position, position + target.length)
      target.set(part)
      return part.length
    },
  }
}
