import { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { decodeMode } from './entry-encoding.ts'
import type { RootMetadata } from './entry.ts'
import type { ExclusionRules } from './exclusion-rules.ts'
import type { RecordFormat } from './record-reader.ts'

/** Files that hold an index; docs/directory-index-format.md describes them. */
export const INDEX_FORMAT: RecordFormat = { magic: 'VARVEDIR', version: 1, kind: 'the index of a directory' }

/** What the first record of an index says. */
export interface IndexHeader {
  readonly rules: ExclusionRules
  /** When indexing began, in nanoseconds since 1970. */
  readonly startedAt: bigint
  /** Undefined for an index of nothing. */
  readonly root: RootMetadata | undefined
}

/** What the footer of an index says. */
export interface IndexFooter {
  readonly entryCount: number
  /** Bytes of all files. */
  readonly totalSize: number
  /** Entries that could not be read as they were. */
  readonly problemCount: number
  /** See `StateHash`. */
  readonly stateHash: string
}

/** Appends a header. */
export function encodeHeader(writer: ByteWriter, { rules, startedAt, root }: IndexHeader): void {
  encodeRules(writer, rules)
  writer.time(startedAt)
  encodeRoot(writer, root)
}

/** Reads a header. Throws ERR_VARVE_DAMAGED. */
export function decodeHeader(bytes: Uint8Array, what: string): IndexHeader {
  const reader = new ByteReader(bytes, what)
  const header = { rules: decodeRules(reader), startedAt: reader.time(), root: decodeRoot(reader) }
  reader.end()
  return header
}

/** Appends a footer. */
export function encodeFooter(writer: ByteWriter, footer: IndexFooter): void {
  writer.u64(BigInt(footer.entryCount))
  writer.u64(BigInt(footer.totalSize))
  writer.u64(BigInt(footer.problemCount))
  writer.hash(footer.stateHash)
}

/** Reads a footer. Throws ERR_VARVE_DAMAGED. */
export function decodeFooter(bytes: Uint8Array, what: string): IndexFooter {
  const reader = new ByteReader(bytes, what)
  const footer = {
    entryCount: reader.size(),
    totalSize: reader.size(),
    problemCount: reader.size(),
    stateHash: reader.hash(),
  }
  reader.end()
  return footer
}

/** Appends rules. */
export function encodeRules(writer: ByteWriter, { excludeFile, excludes }: ExclusionRules): void {
  writer.path(excludeFile)
  writer.u16(excludes.length)
  for (const pattern of excludes) writer.path(pattern)
}

/** Reads rules. Throws ERR_VARVE_DAMAGED. */
export function decodeRules(reader: ByteReader): ExclusionRules {
  const excludeFile = reader.path()
  if (!isExcludeFile(excludeFile)) throw reader.damaged(`${JSON.stringify(excludeFile)} is not the name of a file`)
  const count = reader.u16()
  return { excludeFile, excludes: Array.from({ length: count }, () => reader.path()) }
}

/** Whether an exclude file can have this name: that of an entry at the top of the folder, or none. */
export function isExcludeFile(name: string): boolean {
  return !/[/\0]/.test(name) && name !== '.' && name !== '..'
}

/** Appends metadata of the folder itself, or that there is none. */
export function encodeRoot(writer: ByteWriter, root: RootMetadata | undefined): void {
  writer.u8(root === undefined ? 0 : 1)
  if (root === undefined) return
  writer.u16(root.mode)
  writer.time(root.mtime)
}

/** Reads metadata of the folder itself. Throws ERR_VARVE_DAMAGED. */
export function decodeRoot(reader: ByteReader): RootMetadata | undefined {
  const isThere = reader.u8()
  if (isThere > 1) throw reader.damaged(`${isThere} is neither yes nor no`)
  return isThere === 0 ? undefined : { mode: decodeMode(reader), mtime: reader.time() }
}
