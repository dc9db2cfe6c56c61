import { open, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { damaged } from '../directory-index/byte-reader.ts'
import type { FileState } from '../directory-index/entry.ts'
import { readFailure } from '../directory-index/read-failure.ts'
import { StoredBytes } from '../spool/stored-bytes.ts'
import { ByteReader } from '../tar-volume/byte-reader.ts'
import { detectCompression } from '../tar-volume/compression.ts'
import { TarReader, type FoundEntry } from '../tar-volume/tar-reader.ts'
import { MANIFEST, memberName, Seal, sealLength, type ArchiveCompression, type MemberKind } from './archive-format.ts'
import { bringsContent, type Change } from './change.ts'
import { DiffReader, type DiffHeader } from './diff-format.ts'

/** Bytes that fill a tar up at its end, at most: GNU tar writes blocks of 10 KiB. */
const MOST_FILLING = 1024 * 1024

/** A change, and the content that comes with it. */
export interface ArchivedChange {
  readonly change: Change
  readonly content: ArchivedContent | undefined
}

/** What an archive holds for a file. */
export interface ArchivedContent {
  readonly kind: MemberKind
  /** The file that it makes. */
  readonly state: FileState
  /** The file that a delta is for. */
  readonly base: FileState | undefined
  /** The file, or the delta; all of it has to be taken before the next change. */
  readonly pieces: AsyncIterable<Uint8Array>
}

/**
 * An archive of `DiffData` that is open for reading, and whose seal is right. It is read twice at once, once for its manifest and once for what the manifest
 * speaks of, so that neither has to be kept anywhere.
 */
export class ArchiveReader implements AsyncDisposable {
  /** What the archive turns into what. */
  readonly header: DiffHeader
  readonly #file: FileHandle
  readonly #size: number
  readonly #compression: ArchiveCompression
  readonly #what: string

  private constructor(
    file: FileHandle,
    size: number,
    compression: ArchiveCompression,
    header: DiffHeader,
    what: string,
  ) {
    this.#file = file
    this.#size = size
    this.#compression = compression
    this.header = header
    this.#what = what
  }

  /**
   * Opens an archive and reads it once to see that it is whole.
   * @throws ERR_VARVE_NOT_FOUND where there is no such file; ERR_VARVE_FORMAT where it is something else; ERR_VARVE_DAMAGED; ERR_VARVE_STORAGE
   */
  static async open(path: string): Promise<ArchiveReader> {
    const what = `the archive '${path}'`
    let file
    try {
      file = await open(toFsPath(path), 'r')
      const { compression, size } = await checkSeal(file, what)
      const content = new StoredBytes(file, size)
      const tar = new OpenTar(content, compression, what)
      try {
        const manifest = await tar.manifest()
        return new ArchiveReader(file, size, compression, await manifest.header(), what)
      } finally {
        await tar.close()
      }
    } catch (error) {
      await file?.close()
      throw archiveFailure(what, error)
    }
  }

  /**
   * All changes in order of their paths, with the contents that come with them. Members have to be there exactly as the changes demand, and none besides.
   * @throws ERR_VARVE_DAMAGED, ERR_VARVE_FORMAT, ERR_VARVE_STORAGE
   */
  async *changes(): AsyncGenerator<ArchivedChange> {
    const content = new StoredBytes(this.#file, this.#size)
    const left = new OpenTar(content, this.#compression, this.#what)
    const right = new OpenTar(content, this.#compression, this.#what)
    try {
      const manifest = await left.manifest()
      await manifest.header()
      await right.passManifest()
      for await (const change of manifest.changes()) {
        const { path, after } = change
        const isWithContent = after?.type === 'file' && bringsContent(change)
        yield {
          change,
          content: isWithContent
            ? await right.member(path, after, change.before?.type === 'file' ? change.before : undefined)
            : undefined,
        }
      }
      await right.end()
    } catch (error) {
      throw archiveFailure(this.#what, error)
    } finally {
      await left.close()
      await right.close()
    }
  }

  /** The changes alone. */
  async *manifest(): AsyncGenerator<Change> {
    const tar = new OpenTar(new StoredBytes(this.#file, this.#size), this.#compression, this.#what)
    try {
      const manifest = await tar.manifest()
      await manifest.header()
      yield* manifest.changes()
    } catch (error) {
      throw archiveFailure(this.#what, error)
    } finally {
      await tar.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }
}

/** One way through an archive. */
class OpenTar {
  readonly #stream: Readable
  readonly #bytes: ByteReader
  readonly #tar: TarReader
  readonly #what: string

  constructor(content: StoredBytes, compression: ArchiveCompression, what: string) {
    const compressed = Readable.from(content.pieces(), { objectMode: false })
    const decompressor = compression === 'gzip' ? createGunzip() : createZstdDecompress()
    this.#stream = compressed.on('error', (error) => decompressor.destroy(error)).pipe(decompressor)
    decompressor.on('close', () => compressed.destroy())
    this.#bytes = new ByteReader(this.#stream, what)
    this.#tar = new TarReader(this.#bytes)
    this.#what = what
  }

  async manifest(): Promise<DiffReader> {
    return new DiffReader(this.#tar.content(await this.#find(MANIFEST)), this.#what)
  }

  async passManifest(): Promise<void> {
    await this.#tar.pass(await this.#find(MANIFEST))
  }

  async member(path: string, state: FileState, base: FileState | undefined): Promise<ArchivedContent> {
    const found = await this.#tar.next()
    const name = found?.entry.path
    const kind = name === memberName('updated', path) && base !== undefined ? 'updated' : 'created'
    if (found === undefined || found.entry.type !== 'file' || name !== memberName(kind, path)) {
      throw damaged(this.#what, `${describeMember(found)} stands where the content of '${path}' should be`)
    }
    const { size } = found.entry
    if (kind === 'created' ? size !== state.size : size >= state.size) {
      throw damaged(this.#what, `the content of '${path}' has ${size} bytes, which cannot be`)
    }
    return { kind, state, base, pieces: this.#tar.content(found) }
  }

  /** Sees that nothing more comes. */
  async end(): Promise<void> {
    const found = await this.#tar.next()
    if (found !== undefined) throw damaged(this.#what, `${describeMember(found)} belongs to nothing`)
    await this.#bytes.drain(MOST_FILLING)
  }

  async close(): Promise<void> {
    await this.#bytes.close()
    this.#stream.destroy()
  }

  async #find(name: string): Promise<FoundEntry> {
    const found = await this.#tar.next()
    if (found?.entry.path === name && found.entry.type === 'file') return found
    throw new VarveError(
      'ERR_VARVE_FORMAT',
      `${this.#what} is not one that DiffData makes: it does not begin with '${name}'`,
    )
  }
}

async function checkSeal(
  file: FileHandle,
  what: string,
): Promise<{ readonly compression: ArchiveCompression; readonly size: number }> {
  const bytes = new StoredBytes(file, (await file.stat()).size)
  const compression = detectCompression(await bytes.read(0, Math.min(4, bytes.size)))
  if (compression === 'none')
    throw new VarveError('ERR_VARVE_FORMAT', `${what} is compressed neither by gzip nor by zstd`)
  const size = bytes.size - sealLength(compression)
  if (size < 0) throw damaged(what, 'it ends too early')
  const seal = new Seal(compression)
  for await (const piece of new StoredBytes(file, size).pieces()) seal.update(piece)
  if (!seal.finish().equals(await bytes.read(size, bytes.size - size))) {
    throw damaged(what, 'its seal is missing or wrong')
  }
  return { compression, size }
}

function describeMember(found: FoundEntry | undefined): string {
  return found === undefined ? 'the end' : `the member '${found.entry.path}'`
}

/** What decompression fails with are errors of the libraries. */
function archiveFailure(what: string, error: unknown): unknown {
  if (error instanceof Error && 'code' in error && /^(?:Z_|ZSTD_|ERR_ZLIB|ERR__ERROR)/.test(String(error.code))) {
    return new VarveError('ERR_VARVE_DAMAGED', `${what} is damaged: ${error.message}`, { cause: error })
  }
  return readFailure(what, error)
}
