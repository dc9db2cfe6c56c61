import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import type { EntryState, EntryType, IndexEntry } from './entry.ts'
import { isEntryPath } from './entry-path.ts'

/** Kinds of entries by their numbers in files; 0 stands for nothing. */
const TYPES = [undefined, 'file', 'dir', 'symlink', 'fifo', 'dev', 'chardev'] as const satisfies (
  EntryType | undefined
)[]

const HAS_SIGNATURE = 1
const MOST_PERMISSIONS = 0o7777

/** Appends a state, or that there is none. docs/directory-index-format.md describes the bytes. */
export function encodeState(writer: ByteWriter, state: EntryState | undefined): void {
  writer.u8(TYPES.indexOf(state?.type))
  if (state === undefined) return
  writer.u16(state.mode)
  writer.time(state.mtime)
  if (state.type === 'file') {
    writer.u64(BigInt(state.size))
    writer.hash(state.hash)
  } else if (state.type === 'symlink') {
    writer.path(state.target)
  } else if (state.type === 'dev' || state.type === 'chardev') {
    writer.u64(state.device)
  }
}

/**
 * Reads what {@link encodeState} wrote.
 * @throws ERR_VARVE_DAMAGED
 */
export function decodeState(reader: ByteReader): EntryState | undefined {
  const number = reader.u8()
  if (number === 0) return undefined
  const type = TYPES[number]
  if (type === undefined) throw reader.damaged(`there is no kind of entry with the number ${number}`)
  const common = { mode: decodeMode(reader), mtime: reader.time() }
  if (type === 'file') return { type, ...common, size: reader.size(), hash: reader.hash() }
  if (type === 'symlink') return { type, ...common, target: decodeTarget(reader) }
  if (type === 'dev' || type === 'chardev') return { type, ...common, device: reader.u64() }
  return { type, ...common }
}

/**
 * Reads permissions, as `chmod` takes them.
 * @throws ERR_VARVE_DAMAGED
 */
export function decodeMode(reader: ByteReader): number {
  const mode = reader.u16()
  if (mode > MOST_PERMISSIONS) throw reader.damaged(`no entry has the permissions 0o${mode.toString(8)}`)
  return mode
}

/**
 * Reads the path of an entry.
 * @throws ERR_VARVE_DAMAGED for a path that leads out of the folder or is none
 */
export function decodePath(reader: ByteReader): string {
  const path = reader.path()
  if (!isEntryPath(path)) throw reader.damaged(`${JSON.stringify(path)} is not the path of an entry`)
  return path
}

/** Appends an entry of an index. */
export function encodeEntry(writer: ByteWriter, entry: IndexEntry): void {
  writer.path(entry.path)
  encodeState(writer, entry.state)
  if (entry.state.type !== 'file') return
  writer.time(entry.stamp?.ctime ?? 0n)
  writer.u64(entry.stamp?.inode ?? 0n)
  writer.u8(entry.signature === undefined ? 0 : HAS_SIGNATURE)
  if (entry.signature === undefined) return
  writer.u32(entry.signature.length)
  writer.raw(entry.signature)
}

/**
 * Reads what {@link encodeEntry} wrote. The signature is a view of the reader's bytes.
 * @throws ERR_VARVE_DAMAGED
 */
export function decodeEntry(reader: ByteReader): IndexEntry {
  const path = decodePath(reader)
  const state = decodeState(reader)
  if (state === undefined) throw reader.damaged(`'${path}' is no entry of any kind`)
  if (state.type !== 'file') return { path, state }
  const stamp = { ctime: reader.time(), inode: reader.u64() }
  const flags = reader.u8()
  if (flags > HAS_SIGNATURE) throw reader.damaged(`flags ${flags} have no meaning`)
  if (flags === 0) return { path, state, stamp }
  return { path, state, stamp, signature: reader.raw(reader.u32()) }
}

function decodeTarget(reader: ByteReader): string {
  const target = reader.path()
  if (target === '' || target.includes('\0')) throw reader.damaged('a symbolic link points to no path')
  return target
}
