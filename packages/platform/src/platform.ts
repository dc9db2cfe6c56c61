import type { BigIntStats } from 'node:fs'

/** A user as locks and snapshots name them. */
export interface CurrentUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** Names of the owners of files, cached for the life of the process. */
export interface Accounts {
  /** Empty where the id has no name. */
  userName(uid: number): string
  groupName(gid: number): string
  currentUser(): CurrentUser
}

/** An extended attribute. A null value is kept apart from an empty one, as restic does. */
export interface ExtendedAttribute {
  readonly name: string
  readonly value: Uint8Array | null
}

/** Extended attributes of an entry itself, never of what a symbolic link points to. Paths are as `FilePath`. */
export interface ExtendedAttributes {
  /** In the order in which the platform lists them; empty where the file system has none. Throws a system error otherwise. */
  read(path: string): readonly ExtendedAttribute[]
  /** False only where `read` would find none: cheaper, for those who ask about very many entries. Never throws; `read` says what is wrong. */
  mayHave(path: string): boolean
  /** Makes the attributes exactly these. Throws a system error for the first that cannot be set or removed. */
  replace(path: string, attributes: readonly ExtendedAttribute[]): void
}

/**
 * All that differs between operating systems. The other packages ask this and assume nothing.
 *
 * Paths are strings in which a byte that is not part of valid UTF-8 stands as the lone surrogate U+DC00 + byte; `file-name.ts` turns
 * them into what Node's `fs` takes.
 */
export interface Platform {
  /** The name part separator of paths: `/` or `\`. */
  readonly separator: string
  readonly accounts: Accounts
  /** Undefined where this process cannot reach extended attributes; `extendedAttributesMissing` then says why. */
  readonly extendedAttributes: ExtendedAttributes | undefined
  readonly extendedAttributesMissing: string | undefined

  /** The parts of an absolute path as a snapshot's folders name them: `/a/b` is `a`, `b`; `C:\a` is `C`, `a`. */
  pathComponents(absolutePath: string): readonly string[]
  /** Name of this machine. */
  hostName(): string
  /** Whether a process of this machine is alive. */
  processExists(pid: number): boolean
  /** Sets access and modification time of an entry itself (never of a link's target), in nanoseconds since 1970, to the nanosecond. */
  setTimes(path: string, atime: bigint, mtime: bigint): void
  /** Sets the same of an open file. */
  setTimesOfFile(fd: number, atime: bigint, mtime: bigint): void
  /** Sets owner and group of an entry itself. */
  setOwner(path: string, uid: number, gid: number): void
  /** Makes a FIFO or a device node with permissions 0600. `device` is its number, 0 for a FIFO. */
  makeSpecial(path: string, type: 'fifo' | 'dev' | 'chardev', device: bigint): void
  /** Type and permissions of an entry, as POSIX's `st_mode` has them. */
  posixMode(stats: Pick<BigIntStats, 'mode' | 'isDirectory'>): number
}
