import { ByteReader, damaged } from './byte-reader.ts'
import { decodeEntry } from './entry-encoding.ts'
import type { IndexEntry } from './entry.ts'
import { decodeFooter, decodeHeader, INDEX_FORMAT, type IndexFooter, type IndexHeader } from './index-format.ts'
import { RecordReader, type Pieces } from './record-reader.ts'
import { StateHash } from './state-hash.ts'
import { TreeCheck } from './tree-check.ts'

/** What an index says of itself. */
export interface IndexSummary extends IndexHeader, IndexFooter {}

/**
 * Reads an index: its entries, in order, then what it says of itself, once everything has been checked.
 *
 * @param what - names the index in messages
 * @throws ERR_VARVE_DAMAGED, ERR_VARVE_FORMAT
 */
export async function* readIndex(pieces: Pieces, what: string): AsyncGenerator<IndexEntry, IndexSummary> {
  const records = new RecordReader(pieces, INDEX_FORMAT, what)
  const tree = new TreeCheck(what)
  const stateHash = new StateHash()
  try {
    const first = await records.next()
    if (first === undefined) throw damaged(what, 'it has no header')
    const header = decodeHeader(first, what)
    let entryCount = 0
    let totalSize = 0
    for (let record = await records.next(); record !== undefined; record = await records.next()) {
      const reader = new ByteReader(record, what)
      const entry = decodeEntry(reader)
      reader.end()
      tree.add(entry.path, entry.state.type === 'dir')
      stateHash.add(entry.path, entry.state)
      entryCount++
      if (entry.state.type === 'file') totalSize += entry.state.size
      yield entry
    }
    const footer = decodeFooter(records.footer, what)
    if (footer.entryCount !== entryCount || footer.totalSize !== totalSize || footer.stateHash !== stateHash.finish()) {
      throw damaged(what, 'it does not hold what it says it does')
    }
    return { ...header, ...footer }
  } finally {
    await records.close()
  }
}
