import { ByteReader, damaged } from '../../directory-index/byte-reader.ts'
import { ByteWriter } from '../../directory-index/byte-writer.ts'
import { decodeState, encodeState } from '../../directory-index/entry-encoding.ts'
import type { EntryState, FolderState } from '../../directory-index/entry.ts'
import { isEntryPath } from '../../directory-index/entry-path.ts'
import { RecordEncoder } from '../../directory-index/record-encoder.ts'
import { RecordReader, type Pieces, type RecordFormat } from '../../directory-index/record-reader.ts'
import type { Change } from '../change.ts'
import { decodeChange, encodeChange } from '../diff-format.ts'

const JOURNAL_FORMAT: RecordFormat = { magic: 'VARVEJNL', version: 1, kind: 'a journal of changes to a directory' }

const CHANGE = 1
const FOLDER = 2

/** What is going to happen to a directory, and what was before: enough to do it, and to undo it from anywhere in between. */
export type JournalRecord =
  | { readonly kind: 'change'; readonly change: Change }
  | {
      readonly kind: 'folder'
      /** The empty string for the directory itself. */
      readonly path: string
      readonly before: FolderState | undefined
      readonly after: FolderState | undefined
    }

/** Writes a journal. */
export class JournalEncoder {
  readonly #records = new RecordEncoder(JOURNAL_FORMAT.magic, JOURNAL_FORMAT.version)
  readonly #writer = new ByteWriter()

  /** Appends a record: changes in order of their paths, folders after all that is in them. */
  add(record: JournalRecord): void {
    this.#writer.clear()
    if (record.kind === 'change') {
      this.#writer.u8(CHANGE)
      encodeChange(this.#writer, record.change)
    } else {
      this.#writer.u8(FOLDER)
      this.#writer.path(record.path)
      encodeState(this.#writer, record.before)
      encodeState(this.#writer, record.after)
    }
    this.#records.add(this.#writer.bytes)
  }

  /** Bytes that wait for {@link take}. */
  get pending(): number {
    return this.#records.pending
  }

  /** Hands over the bytes that were made since the last call. */
  take(): Buffer {
    return this.#records.take()
  }

  /** Ends the journal. */
  finish(): void {
    this.#records.finish(new Uint8Array(0))
  }
}

/**
 * Reads a journal.
 * @param what - names it in messages
 * @throws ERR_VARVE_DAMAGED, ERR_VARVE_FORMAT
 */
export async function* readJournal(pieces: Pieces, what: string): AsyncGenerator<JournalRecord> {
  const records = new RecordReader(pieces, JOURNAL_FORMAT, what)
  try {
    for (let record = await records.next(); record !== undefined; record = await records.next()) {
      const reader = new ByteReader(record, what)
      const kind = reader.u8()
      if (kind !== CHANGE && kind !== FOLDER) throw damaged(what, `there is no record of kind ${kind}`)
      yield kind === CHANGE ? { kind: 'change', change: decodeChange(reader) } : decodeFolder(reader)
      reader.end()
    }
  } finally {
    await records.close()
  }
}

function decodeFolder(reader: ByteReader): JournalRecord {
  const path = reader.path()
  if (path !== '' && !isEntryPath(path)) throw reader.damaged(`${JSON.stringify(path)} is not the path of a folder`)
  return { kind: 'folder', path, before: folderState(reader, path), after: folderState(reader, path) }
}

function folderState(reader: ByteReader, path: string): FolderState | undefined {
  const state: EntryState | undefined = decodeState(reader)
  if (state !== undefined && state.type !== 'dir') throw reader.damaged(`'${path}' is not a folder`)
  return state
}
