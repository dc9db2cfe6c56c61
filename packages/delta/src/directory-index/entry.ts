/** Kinds of entries that an index keeps. Sockets belong to a process that is running: no index has them. */
export type EntryType = EntryState['type']

/** What entries of every kind have. */
interface CommonState {
  /** Permissions as `chmod` takes them: 0 to 0o7777. Always 0o777 for a symbolic link, which has none of its own. */
  readonly mode: number
  /** Time of the last modification, in nanoseconds since 1970. */
  readonly mtime: bigint
}

/** A regular file. */
export interface FileState extends CommonState {
  readonly type: 'file'
  /** Bytes of its content. */
  readonly size: number
  /** SHA-256 of its content, as 64 hexadecimal digits. */
  readonly hash: string
}

/** A folder. What is in it are entries of their own. */
export interface FolderState extends CommonState {
  readonly type: 'dir'
}

/** A symbolic link. */
export interface LinkState extends CommonState {
  readonly type: 'symlink'
  /** What it points to, as it is written in the link. */
  readonly target: string
}

/** A named pipe. */
export interface FifoState extends CommonState {
  readonly type: 'fifo'
}

/** A block (`dev`) or character device. */
export interface DeviceState extends CommonState {
  readonly type: 'dev' | 'chardev'
  /** Its number, as `st_rdev`. */
  readonly device: bigint
}

/** All that an index says of what lies at a path. Two entries are equal when their states are. */
export type EntryState = FileState | FolderState | LinkState | FifoState | DeviceState

/** What tells that a file was not touched since it was read, on the machine where that was. It is no part of the state. */
export interface FileStamp {
  /** Time of the last change of content or metadata, in nanoseconds since 1970. */
  readonly ctime: bigint
  readonly inode: bigint
}

/** An entry of an index. */
export interface IndexEntry {
  /** Relative to the folder, with `/` between names; a name's bytes that are not UTF-8 stand as lone surrogates. */
  readonly path: string
  readonly state: EntryState
  /** Of files only. */
  readonly stamp?: FileStamp
  /** The file's block signature as `encodeSignature` writes it; files that are too small for deltas have none. */
  readonly signature?: Uint8Array
}

/** Metadata of the indexed folder itself. */
export interface RootMetadata {
  readonly mode: number
  readonly mtime: bigint
}

/** Whether two states are the same in every respect. */
export function isSameState(a: EntryState, b: EntryState): boolean {
  return a.mode === b.mode && a.mtime === b.mtime && isSameContent(a, b)
}

/** Whether two states differ at most in their mode and time. */
export function isSameContent(a: EntryState, b: EntryState): boolean {
  if (a.type === 'file') return b.type === 'file' && a.size === b.size && a.hash === b.hash
  if (a.type === 'symlink') return b.type === 'symlink' && a.target === b.target
  if (a.type === 'dev' || a.type === 'chardev') return b.type === a.type && a.device === b.device
  return a.type === b.type
}
