/**
 * What a member of a tar is. `other` is a device, a FIFO, or a type that is not known; `sparse` is a file with holes in one of GNU's ways, whose
 * content is not what stands in the archive.
 */
export type TarEntryType = 'file' | 'dir' | 'symlink' | 'hardlink' | 'sparse' | 'other'

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
}
