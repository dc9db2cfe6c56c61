import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip, createZstdCompress } from 'node:zlib'
import type { LongCall } from '@varve/platform'
import { throwIfAborted, VarveError } from '@varve/platform/errors'
import { breathe } from '@varve/platform'
import type { DirIndex } from '../directory-index/dir-index.ts'
import { writeAll, writeDurably } from '@varve/platform'
import { EntryCursor } from '../directory-index/entry-cursor.ts'
import { ProgressMeter } from '../directory-index/progress-meter.ts'
import { Seal, type ArchiveCompression } from './archive-format.ts'
import { contentMember, endOfMembers, manifestMember } from './archive-members.ts'
import { inBatches } from './batches.ts'
import { bringsContent } from './change.ts'
import type { DiffIndex } from './diff-index.ts'

/** How to make an archive. */
export interface ArchiveOptions extends Pick<LongCall, 'signal' | 'onProgress'> {
  /** By default `zstd` for a path that ends with `.zst` or `.tzst`, else `gzip`. */
  readonly compression?: ArchiveCompression
  /** How hard to compress: 1 to 9 for gzip (6 by default), 1 to 19 for zstd (3 by default). */
  readonly level?: number
}

/** What became of an archive. */
export interface ArchiveSummary {
  /** Bytes of the file. */
  readonly size: number
  /** Files that came whole. */
  readonly wholeFiles: number
  /** Files that came as deltas. */
  readonly deltas: number
}

const LEVELS = { gzip: { usual: 6, most: 9 }, zstd: { usual: 3, most: 19 } } as const

/**
 * What it takes to turn one state of a directory into another, as an archive that needs nothing else: a tar, compressed, that holds the difference itself as
 * its first member, new files in `created/`, and deltas in `updated/`, each named by the SHA-256 of its path.
 *
 * The difference comes first because everything that it says is known before the first file is read, and because whoever applies the archive then knows
 * of each member what it has to be, before it comes.
 */
export class DiffData {
  readonly #diff: DiffIndex
  readonly #older: DirIndex
  readonly #folder: string

  /**
   * @param diff - what changed
   * @param older - the index that it was compared with: it has the signatures that deltas are computed against
   * @param folder - the directory as it is after the changes
   * @throws ERR_VARVE_BAD_ARGUMENT where `diff` was not made from `older`
   */
  constructor(diff: DiffIndex, older: DirIndex, folder: string) {
    if (diff.base.stateHash !== older.stateHash) {
      throw new VarveError('ERR_VARVE_BAD_ARGUMENT', 'the difference was made from another index than this one', {
        hint: 'pass the older one of the two indexes that were compared',
      })
    }
    this.#diff = diff
    this.#older = older
    this.#folder = folder
  }

  /**
   * Writes the archive: beside the file, flushed, renamed. Can be called more than once, and writes the same bytes as long as the directory stays the same.
   * Memory is bounded whatever the size of the files: a delta of more than 8 MiB is computed twice, since a tar says how long a member is before it comes.
   *
   * @throws ERR_VARVE_SOURCE where a file cannot be read, or has changed since it was indexed (growing at its end does not count): index again;
   *   ERR_VARVE_BAD_ARGUMENT; ERR_VARVE_STORAGE; ERR_VARVE_ABORTED
   */
  async createArchive(path: string, options: ArchiveOptions = {}): Promise<ArchiveSummary> {
    const compression = options.compression ?? (/\.t?zst$/.test(path) ? 'zstd' : 'gzip')
    const compressor = createCompressor(compression, options.level)
    const summary = { size: 0, wholeFiles: 0, deltas: 0 }
    await writeDurably(path, async (file) => {
      const seal = new Seal(compression)
      const write = async (bytes: Uint8Array): Promise<void> => {
        await writeAll(file, bytes)
        summary.size += bytes.length
      }
      await pipeline(Readable.from(inBatches(this.#members(options, summary))), compressor, async (compressed) => {
        for await (const piece of compressed as AsyncIterable<Buffer>) {
          seal.update(piece)
          await write(piece)
        }
      })
      await write(seal.finish())
    })
    return summary
  }

  async *#members(
    { signal, onProgress }: ArchiveOptions,
    summary: { wholeFiles: number; deltas: number },
  ): AsyncGenerator<Uint8Array> {
    const meter = new ProgressMeter('packing', onProgress)
    const before = new EntryCursor(this.#older.entries())
    try {
      yield* manifestMember(this.#diff.size, this.#diff.pieces())
      for await (const change of this.#diff.changes()) {
        throwIfAborted(signal)
        await breathe()
        const { path, after: state } = change
        if (state?.type !== 'file' || !bringsContent(change)) continue
        const signature = (await before.find(path))?.signature
        const member = await contentMember({ folder: this.#folder, path, state, signature, signal })
        summary[member.kind === 'updated' ? 'deltas' : 'wholeFiles']++
        yield* member.pieces
        meter.filesDone++
        meter.bytesDone += state.size
        meter.tick(path)
      }
      yield endOfMembers()
      meter.finish()
    } finally {
      await before.close()
    }
  }
}

function createCompressor(
  compression: ArchiveCompression,
  level: number = LEVELS[compression].usual,
): NodeJS.ReadWriteStream {
  const { most } = LEVELS[compression]
  if (!Number.isInteger(level) || level < 1 || level > most) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `${compression} has no level ${level}`, {
      hint: `choose a whole number from 1 to ${most}`,
    })
  }
  if (compression === 'gzip') return createGzip({ level })
  const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag } = constants
  return createZstdCompress({ params: { [ZSTD_c_compressionLevel]: level, [ZSTD_c_checksumFlag]: 1 } })
}
