import { VarveError } from '@varve/platform/errors'
import { nameFromBytes } from '@varve/platform/file-name'
import type { ByteReader } from './byte-reader.ts'
import { joinDevice } from './device-number.ts'
import { decodePax, MOST_EXTENSION_BYTES, parsePaxNumber, parsePaxTime } from './pax-records.ts'
import type { TarEntry, TarEntryType } from './tar-entry.ts'
import { BadHeader, BLOCK, decodeHeader, type HeaderBlock, paddedSize } from './tar-header.ts'

/** A member as it was met in an archive. */
export interface FoundEntry {
  readonly entry: TarEntry
  /** Where its first header block lies, in bytes from the archive's beginning. */
  readonly offset: number
  /** The comment in its extended header. */
  readonly comment: string | undefined
}

const TYPES: Readonly<Record<string, TarEntryType>> = {
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'chardev',
  '4': 'dev',
  '5': 'dir',
  '6': 'fifo',
  '7': 'file',
  S: 'sparse',
}

/** Types of members that have no content whatever their size says (POSIX.1-2017; a size on a hard link is a relic of old programs). */
const WITHOUT_CONTENT: ReadonlySet<TarEntryType> = new Set(['dir', 'symlink', 'hardlink', 'fifo', 'dev', 'chardev'])

/** Far more than a volume has. */
const MOST_MARKS = 16

/**
 * Reads the members of a tar one after another: ustar, pax, GNU's and the first tar's format, whatever program wrote it. After each member its
 * content must be taken, all of it, with {@link content} or {@link pass}.
 */
export class TarReader {
  readonly #bytes: ByteReader
  readonly #global = new Map<string, string>()
  readonly #marks: string[] = []

  constructor(bytes: ByteReader) {
    this.#bytes = bytes
  }

  /** What the archive's extended headers have said of it so far, in comments that begin with `varve.`. */
  get marks(): readonly string[] {
    return this.#marks
  }

  /**
   * The next member; undefined at the end of the archive.
   * @throws ERR_VARVE_DAMAGED for what is no tar, or not a whole one
   */
  async next(): Promise<FoundEntry | undefined> {
    let offset = this.#bytes.position
    const local = new Map<string, string>()
    for (;;) {
      const at = this.#bytes.position
      const header = await this.#readHeader(at)
      if (header === undefined) {
        if (at === offset) return undefined
        throw this.#damaged(at, 'an extended header stands before nothing')
      }
      const extension = await this.#readExtension(header, at)
      if (extension === undefined) return this.#found(header, local, offset, at)
      if (extension.global) {
        for (const [keyword, value] of extension.records) this.#global.set(keyword, value)
        const comment = extension.records.get('comment')
        if (comment?.startsWith('varve.') === true && this.#marks.length < MOST_MARKS) this.#marks.push(comment)
        if (at === offset) offset = this.#bytes.position
      } else {
        for (const [keyword, value] of extension.records) local.set(keyword, value)
      }
    }
  }

  /** The content of the member that was found last. @throws ERR_VARVE_DAMAGED where it is not all there */
  async *content({ entry }: FoundEntry): AsyncGenerator<Buffer, void> {
    yield* this.#bytes.take(entry.size)
    await this.#bytes.skip(paddedSize(entry.size) - entry.size)
  }

  /** Passes over the content of the member that was found last. @throws ERR_VARVE_DAMAGED where it is not all there */
  async pass({ entry }: FoundEntry): Promise<void> {
    await this.#bytes.skip(paddedSize(entry.size))
  }

  async #readHeader(at: number): Promise<HeaderBlock | undefined> {
    const block = await this.#bytes.exactly(BLOCK)
    if (block === undefined) {
      throw new VarveError('ERR_VARVE_DAMAGED', `${this.#bytes.what} is truncated: the end of the archive is missing`)
    }
    const header = this.#guard(at, () => decodeHeader(block))
    if (header?.typeflag === 'S') await this.#passSparseMap(block[482] === 1)
    return header
  }

  /** Passes over what GNU's old format says of holes where the header block has no room for it. */
  async #passSparseMap(goesOn: boolean): Promise<void> {
    for (let more = goesOn; more;) more = (await this.#bytes.exactly(BLOCK))?.[504] === 1
  }

  async #readExtension(
    header: HeaderBlock,
    at: number,
  ): Promise<{ readonly global: boolean; readonly records: ReadonlyMap<string, string> } | undefined> {
    const { typeflag, size } = header
    if (!'xgLK'.includes(typeflag)) return undefined
    if (size > MOST_EXTENSION_BYTES) throw this.#damaged(at, `its extended header has ${size} bytes`)
    const bytes = size === 0 ? Buffer.alloc(0) : await this.#bytes.exactly(size)
    await this.#bytes.skip(paddedSize(size) - size)
    const all = bytes ?? Buffer.alloc(0)
    if (typeflag === 'L' || typeflag === 'K') {
      const end = all.indexOf(0)
      const name = nameFromBytes(end < 0 ? all : all.subarray(0, end))
      return { global: false, records: new Map([[typeflag === 'L' ? 'path' : 'linkpath', name]]) }
    }
    return { global: typeflag === 'g', records: this.#guard(at, () => decodePax(all)) }
  }

  #found(header: HeaderBlock, local: ReadonlyMap<string, string>, offset: number, at: number): FoundEntry {
    const value = (keyword: string): string | undefined => local.get(keyword) ?? this.#global.get(keyword)
    const number = (keyword: string, otherwise: number): number => {
      const text = value(keyword)
      return text === undefined || text === '' ? otherwise : parsePaxNumber(text)
    }
    return this.#guard(at, () => {
      const name = value('GNU.sparse.name') ?? value('path') ?? header.name
      const mtime = value('mtime')
      const known = TYPES[header.typeflag] ?? 'other'
      // The first tar had no type for folders.
      const plain = known === 'file' && name.endsWith('/') ? 'dir' : known
      const type = [...local.keys()].some((keyword) => keyword.startsWith('GNU.sparse.')) ? 'sparse' : plain
      const size = number('size', header.size)
      return {
        offset,
        comment: local.get('comment'),
        entry: {
          path: normalPath(name),
          type,
          size: WITHOUT_CONTENT.has(type) ? 0 : size,
          mode: header.mode,
          mtime: mtime === undefined || mtime === '' ? BigInt(header.mtime) * 1_000_000_000n : parsePaxTime(mtime),
          uid: number('uid', header.uid),
          gid: number('gid', header.gid),
          userName: value('uname') ?? header.userName,
          groupName: value('gname') ?? header.groupName,
          ...(type === 'dev' || type === 'chardev' ? { device: joinDevice(header) } : {}),
          linkTarget: linkTarget(type, value('linkpath') ?? header.linkName),
        },
      }
    })
  }

  #guard<T>(at: number, work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (error instanceof BadHeader) throw this.#damaged(at, error.message)
      throw error
    }
  }

  #damaged(at: number, message: string): VarveError {
    const where = at === 0 ? 'is no tar' : `is damaged: the header at byte ${at} cannot be read`
    return new VarveError('ERR_VARVE_DAMAGED', `${this.#bytes.what} ${where}: ${message}`)
  }
}

/** Without `.` parts, doubled separators and one at the end, which change nothing; all else stays, to be judged when it is extracted. */
function normalPath(name: string): string {
  const absolute = name.startsWith('/')
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  return (absolute ? '/' : '') + parts.join('/')
}

function linkTarget(type: TarEntryType, target: string): string {
  if (type === 'hardlink') return normalPath(target)
  return type === 'symlink' ? target : ''
}
