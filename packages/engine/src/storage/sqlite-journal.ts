import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { PAGE_SIZE } from './sqlite-schema.ts'

/** What a rollback journal begins with, see https://sqlite.org/fileformat2.html#the_rollback_journal. */
const MAGIC = Buffer.from('d9d505f920a163d7', 'hex')

/** Bytes of the header that are used: after the magic come five big-endian numbers of 4 bytes. */
const HEADER = 28
/** What a disk writes at a time, in bytes. */
const SECTOR = 512

const PAGES_BEFORE = 16
const SIZE_OF_PAGES = 24

/**
 * Whether a file is what a power failure left of a database of ours that was just being made: its pages may be there in part, or as zeros, but the journal
 * beside it says that there was no page before. SQLite empties such a file as soon as it is opened with its journal.
 *
 * Only the journal is read, so that no lock on the database is lost.
 *
 * @param path - of the database
 */
export function isUnfinishedCreation(path: string): boolean {
  const header = Buffer.alloc(HEADER)
  try {
    if (statSync(path).size % SECTOR !== 0) return false
    const journal = openSync(`${path}-journal`, 'r')
    try {
      if (readSync(journal, header) < HEADER) return false
    } finally {
      closeSync(journal)
    }
  } catch {
    return false
  }
  return (
    header.subarray(0, MAGIC.length).equals(MAGIC) &&
    header.readUInt32BE(PAGES_BEFORE) === 0 &&
    header.readUInt32BE(SIZE_OF_PAGES) === PAGE_SIZE
  )
}
