import { closeSync, openSync, readSync } from 'node:fs'
import { systemErrorCode } from '@varve/platform/errors'
import { objectPath } from './directory-layout.ts'
import { assertObjectName } from './object-name.ts'
import type { ByteRange, FileType } from './storage.ts'

/** Where objects lie that any thread can read by itself. A plain value: threads get it. */
export interface DirectSource {
  readonly kind: 'directory'
  /** Absolute path of a folder in restic's default layout. */
  readonly root: string
}

/**
 * Reads objects in the thread that needs them, into memory that is used again and again: what a pack is read into is in the processor's cache, and
 * nothing is allocated, sent or waited for. It is a shorter way, not another one: where it fails, the storage itself is asked, and says what is wrong.
 *
 * Calls block. The object that was read last stays open.
 */
export class DirectReader {
  readonly #source: DirectSource
  #open: { readonly path: string; readonly fd: number } | undefined

  constructor(source: DirectSource) {
    this.#source = source
  }

  /**
   * Reads a range of an object to the start of `target`.
   * @returns whether all of it was there and could be read
   */
  read(type: FileType, name: string, range: ByteRange, target: Uint8Array): boolean {
    assertObjectName(type, name)
    try {
      const fd = this.#descriptor(objectPath(this.#source.root, type, name))
      for (let done = 0; done < range.length;) {
        const count = readSync(fd, target, done, range.length - done, range.offset + done)
        if (count === 0) return false
        done += count
      }
      return true
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      return false
    }
  }

  /** Closes what is open. The reader can be used again. */
  close(): void {
    const open = this.#open
    this.#open = undefined
    if (open !== undefined) closeSync(open.fd)
  }

  #descriptor(path: string): number {
    if (this.#open?.path === path) return this.#open.fd
    this.close()
    const fd = openSync(path, 'r')
    this.#open = { path, fd }
    return fd
  }
}
