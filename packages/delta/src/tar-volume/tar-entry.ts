/**
 * What a member of a tar is: `dev` is a block device, `chardev` a character device; `sparse` is a file with holes in one of GNU's ways, whose content is not
 * what stands in the archive; `other` is of a type that is not known.
 */
export type TarEntryType = 'file' | 'dir' | 'symlink' | 'hardlink' | 'fifo' | 'dev' | 'chardev' | 'sparse' | 'other'

/** What a tar says of a member. Names are strings as `@varve/platform/file-name` has them. */
export interface TarEntry {
  /** With `/` between its parts, and none at the end of a folder's. */
  readonly path: string
  readonly type: TarEntryType
  /** Bytes of content that follow in the archive. */
  readonly size: number
  /** The lower twelve bits. */
  readonly mode: number
  /** Nanoseconds since 1970. */
  readonly mtime: bigint
  readonly uid: number
  readonly gid: number
  readonly userName: string
  readonly groupName: string
  /** Where a symbolic link leads to, or the path of the member that a hard link is the same file as; empty for all else. */
  readonly linkTarget: string
  /** Of a device only: its number, as `st_rdev`. */
  readonly device?: bigint
}
