import { open } from 'node:fs/promises'
import type { LongCall } from '@varve/platform'
import { toFsPath } from '@varve/platform/file-name'
import { ByteWriter } from '../directory-index/byte-writer.ts'
import type { DirIndex } from '../directory-index/dir-index.ts'
import { ProgressMeter } from '../directory-index/progress-meter.ts'
import { readFailure } from '../directory-index/read-failure.ts'
import { RecordEncoder } from '../directory-index/record-encoder.ts'
import { Spool } from '../spool/spool.ts'
import { StoredBytes } from '../spool/stored-bytes.ts'
import { changeKind, type Change, type ChangeKind } from './change.ts'
import {
  DIFF_FORMAT,
  DiffReader,
  encodeChange,
  encodeCounts,
  encodeDiffHeader,
  noChanges,
  type ChangeCounts,
  type DiffHeader,
  type DirectoryState,
} from './diff-format.ts'
import { findChanges } from './find-changes.ts'

/** Bytes that are collected before they are written. */
const PIECE = 256 * 1024

/** How to compare two indexes. */
export interface DiffIndexOptions extends Pick<LongCall, 'signal' | 'onProgress'> {
  /** Whether files that were renamed or moved are found by their content; by default they are. */
  readonly renames?: boolean
}

/** A change and what kind it is of. */
export type KnownChange = Change & { readonly kind: ChangeKind }

/**
 * The changes between two states of a directory. Lies in a file, or in memory where it is small, as a `DirIndex` does.
 *
 * `close` it, or declare it with `await using`.
 */
export class DiffIndex implements DiffHeader, AsyncDisposable {
  /** The directory before. */
  readonly base: DirectoryState
  /** The directory after. */
  readonly target: DirectoryState
  readonly counts: ChangeCounts
  readonly #stored: StoredBytes
  readonly #what: string

  private constructor(stored: StoredBytes, { base, target }: DiffHeader, counts: ChangeCounts, what: string) {
    this.base = base
    this.target = target
    this.counts = counts
    this.#stored = stored
    this.#what = what
  }

  /**
   * Compares two indexes; neither directory has to be there.
   *
   * @throws ERR_VARVE_DAMAGED, ERR_VARVE_STORAGE where an index cannot be read; ERR_VARVE_ABORTED
   */
  static async between(older: DirIndex, newer: DirIndex, options: DiffIndexOptions = {}): Promise<DiffIndex> {
    const { renames = true, signal, onProgress } = options
    const header = { base: stateOf(older), target: stateOf(newer) }
    const encoder = new RecordEncoder(DIFF_FORMAT.magic, DIFF_FORMAT.version)
    const writer = new ByteWriter()
    const spool = new Spool()
    const counts = noChanges()
    const meter = new ProgressMeter('comparing', onProgress)
    try {
      encodeDiffHeader(writer, header)
      encoder.add(writer.bytes)
      for await (const change of findChanges(older, newer, renames, signal)) {
        writer.clear()
        encodeChange(writer, change)
        encoder.add(writer.bytes)
        if (encoder.pending >= PIECE) await spool.append(encoder.take())
        counts[changeKind(change)]++
        meter.filesDone++
        meter.tick(change.path)
      }
      writer.clear()
      encodeCounts(writer, counts)
      encoder.finish(writer.bytes)
      await spool.append(encoder.take())
      meter.finish()
      return new DiffIndex(spool.take(), header, counts, 'the difference between two indexes')
    } catch (error) {
      await spool.clear()
      throw error
    }
  }

  /**
   * Opens what `toFile` wrote, and reads it once to see that it is whole.
   * @throws ERR_VARVE_NOT_FOUND where there is no such file; ERR_VARVE_FORMAT where it is something else; ERR_VARVE_DAMAGED; ERR_VARVE_STORAGE
   */
  static async fromFile(path: string): Promise<DiffIndex> {
    const what = `the difference '${path}'`
    let file
    try {
      file = await open(toFsPath(path), 'r')
      const stored = new StoredBytes(file, (await file.stat()).size)
      const reader = new DiffReader(stored.pieces(), what)
      const header = await reader.header()
      const changes = reader.changes()
      let next = await changes.next()
      while (next.done !== true) next = await changes.next()
      return new DiffIndex(stored, header, next.value, what)
    } catch (error) {
      await file?.close()
      throw readFailure(what, error)
    }
  }

  /** Whether nothing changed, the permissions and time of the folder itself included. */
  get isEmpty(): boolean {
    const { base, target } = this
    const isSameRoot = base.root?.mode === target.root?.mode && base.root?.mtime === target.root?.mtime
    return base.stateHash === target.stateHash && isSameRoot
  }

  /** Bytes that {@link pieces} gives. */
  get size(): number {
    return this.#stored.size
  }

  /**
   * The changes in order of their paths, a folder's before those in it.
   * @throws ERR_VARVE_DAMAGED, ERR_VARVE_STORAGE
   */
  async *changes(): AsyncGenerator<KnownChange, void, undefined> {
    const reader = new DiffReader(this.#stored.pieces(), this.#what)
    try {
      await reader.header()
      for await (const change of reader.changes()) yield { ...change, kind: changeKind(change) }
    } catch (error) {
      throw readFailure(this.#what, error)
    } finally {
      await reader.close()
    }
  }

  /** The difference as the bytes of a file. */
  pieces(): AsyncGenerator<Buffer> {
    return this.#stored.pieces()
  }

  /**
   * Writes the difference to a file, which is replaced if it exists: beside it, flushed, renamed.
   * @throws ERR_VARVE_STORAGE
   */
  async toFile(path: string): Promise<void> {
    await this.#stored.toFile(path)
  }

  /** Closes the file that the changes are in. */
  async close(): Promise<void> {
    await this.#stored.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function stateOf({ rules, entryCount, totalSize, stateHash, root }: DirIndex): DirectoryState {
  return { rules, entryCount, totalSize, stateHash, root }
}
