import { ByteReader, damaged } from '../directory-index/byte-reader.ts'
import type { ByteWriter } from '../directory-index/byte-writer.ts'
import { decodePath, decodeState, encodeState } from '../directory-index/entry-encoding.ts'
import type { RootMetadata } from '../directory-index/entry.ts'
import { comparePaths } from '../directory-index/entry-path.ts'
import type { ExclusionRules } from '../directory-index/exclusion-rules.ts'
import { decodeRoot, decodeRules, encodeRoot, encodeRules } from '../directory-index/index-format.ts'
import { RecordReader, type Pieces, type RecordFormat } from '../directory-index/record-reader.ts'
import {
  CHANGE_KINDS,
  changeKind,
  givesContentUp,
  isChange,
  takesContent,
  type Change,
  type ChangeKind,
} from './change.ts'

/** Files that hold differences between two indexes, and manifests of archives; docs/directory-index-format.md describes them. */
export const DIFF_FORMAT: RecordFormat = {
  magic: 'VARVEDIF',
  version: 1,
  kind: 'the difference between two directories',
}

const HAS_SOURCE = 1
const IS_SOURCE = 2

/** What is known of a directory as a whole. */
export interface DirectoryState {
  /** What its index leaves out. */
  readonly rules: ExclusionRules
  readonly entryCount: number
  /** Bytes of all files. */
  readonly totalSize: number
  /** See `StateHash`. */
  readonly stateHash: string
  /** Metadata of the folder itself; it is no part of the hash. */
  readonly root: RootMetadata | undefined
}

/** The first record of a difference. */
export interface DiffHeader {
  readonly base: DirectoryState
  readonly target: DirectoryState
}

/** How many changes there are of each kind. */
export type ChangeCounts = Readonly<Record<ChangeKind, number>>

/** Appends a header. */
export function encodeDiffHeader(writer: ByteWriter, { base, target }: DiffHeader): void {
  for (const { rules, entryCount, totalSize, stateHash, root } of [base, target]) {
    encodeRules(writer, rules)
    writer.u64(BigInt(entryCount))
    writer.u64(BigInt(totalSize))
    writer.hash(stateHash)
    encodeRoot(writer, root)
  }
}

/** Appends a change. */
export function encodeChange(writer: ByteWriter, { path, before, after, source, isSource }: Change): void {
  writer.path(path)
  encodeState(writer, before)
  encodeState(writer, after)
  writer.u8((source === undefined ? 0 : HAS_SOURCE) + (isSource ? IS_SOURCE : 0))
  if (source !== undefined) writer.path(source)
}

/** Appends a footer. */
export function encodeCounts(writer: ByteWriter, counts: ChangeCounts): void {
  for (const kind of CHANGE_KINDS) writer.u64(BigInt(counts[kind]))
}

/** Reads a change that makes sense on its own. Throws ERR_VARVE_DAMAGED. */
export function decodeChange(reader: ByteReader): Change {
  const path = decodePath(reader)
  const before = decodeState(reader)
  const after = decodeState(reader)
  const flags = reader.u8()
  if (flags > HAS_SOURCE + IS_SOURCE) throw reader.damaged(`flags ${flags} have no meaning`)
  const source = (flags & HAS_SOURCE) === 0 ? undefined : decodePath(reader)
  const change = { path, before, after, source, isSource: (flags & IS_SOURCE) !== 0 }
  if (!isChange(before, after)) throw reader.damaged(`nothing changes at '${path}'`)
  if (change.isSource && !givesContentUp(change)) throw reader.damaged(`'${path}' has nothing to give up`)
  if (source !== undefined && (!takesContent(change) || source === path)) {
    throw reader.damaged(`'${path}' cannot have come from '${source}'`)
  }
  return change
}

/**
 * Reads a difference: first its header, then its changes in order, then how many there were, once everything has been checked.
 *
 * @param what - names it in messages
 * @throws ERR_VARVE_DAMAGED, ERR_VARVE_FORMAT
 */
export class DiffReader {
  readonly #records: RecordReader
  readonly #what: string
  #last: string | undefined

  constructor(pieces: Pieces, what: string) {
    this.#records = new RecordReader(pieces, DIFF_FORMAT, what)
    this.#what = what
  }

  /** To be called first. */
  async header(): Promise<DiffHeader> {
    const record = await this.#records.next()
    if (record === undefined) throw damaged(this.#what, 'it has no header')
    const reader = new ByteReader(record, this.#what)
    const header = { base: decodeDirectoryState(reader), target: decodeDirectoryState(reader) }
    reader.end()
    return header
  }

  async *changes(): AsyncGenerator<Change, ChangeCounts> {
    const counts = noChanges()
    for (let record = await this.#records.next(); record !== undefined; record = await this.#records.next()) {
      const reader = new ByteReader(record, this.#what)
      const change = decodeChange(reader)
      reader.end()
      if (this.#last !== undefined && comparePaths(this.#last, change.path) >= 0) {
        throw damaged(this.#what, `'${change.path}' comes after '${this.#last}'`)
      }
      this.#last = change.path
      counts[changeKind(change)]++
      yield change
    }
    const reader = new ByteReader(this.#records.footer, this.#what)
    for (const kind of CHANGE_KINDS) {
      if (reader.size() !== counts[kind]) throw damaged(this.#what, 'it does not hold what it says it does')
    }
    reader.end()
    return counts
  }

  /** Tells the source that nothing more of it is wanted. */
  async close(): Promise<void> {
    await this.#records.close()
  }
}

/** Counts of zero, to be counted up. */
export function noChanges(): Record<ChangeKind, number> {
  return { created: 0, updated: 0, metadata: 0, deleted: 0, renamed: 0, moved: 0, type: 0 }
}

function decodeDirectoryState(reader: ByteReader): DirectoryState {
  return {
    rules: decodeRules(reader),
    entryCount: reader.size(),
    totalSize: reader.size(),
    stateHash: reader.hash(),
    root: decodeRoot(reader),
  }
}
