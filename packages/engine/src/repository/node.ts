import type { ExtendedAttribute } from '@varve/platform'
import type { Id } from './id.ts'
import type { Timestamp } from './timestamp.ts'

/** Kinds of entry that a folder can have. */
export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket' | 'irregular'

/**
 * An entry of a folder, as a tree blob describes it (restic's `internal/data/node.go`).
 *
 * Numbers that the format keeps in 64 bits are bigints. `name` and `linkTarget` stand for bytes: a byte that is not part of valid UTF-8 is
 * written as the lone surrogate U+DC00 + byte (see `file-name.ts` of `@varve/platform`).
 */
export interface Node {
  readonly name: string
  readonly type: NodeType
  /** Go's `os.FileMode` bits, see `file-mode.ts`. */
  readonly mode: number
  readonly mtime: Timestamp
  readonly atime: Timestamp
  readonly ctime: Timestamp
  readonly uid: number
  readonly gid: number
  /** Empty where the owner has no name. */
  readonly user: string
  readonly group: string
  readonly inode: bigint
  readonly deviceId: bigint
  /** Bytes of a file; 0 for all else. */
  readonly size: bigint
  readonly links: bigint
  /** Of a symbolic link; empty for all else. */
  readonly linkTarget: string
  readonly extendedAttributes: readonly ExtendedAttribute[]
  /** What other platforms keep, by name, each value as the JSON text found in the tree. */
  readonly genericAttributes: ReadonlyMap<string, string>
  /** Of a device node: its number. */
  readonly device: bigint
  /** Data blobs of a file, in order; null for all that has no content. */
  readonly content: readonly Id[] | null
  /** Tree blob of a folder. */
  readonly subtree: Id | undefined
  readonly error: string
}

/** A folder's entries, in the order of their names' bytes. */
export interface Tree {
  readonly nodes: readonly Node[]
}
