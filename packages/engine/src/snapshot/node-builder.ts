import { readlinkSync, type BigIntStats } from 'node:fs'
import type { ExtendedAttribute, Platform } from '@varve/platform'
import { describeError, systemErrorCode } from '@varve/platform/errors'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import { fileModeFromPosix } from '../repository/file-mode.ts'
import type { Node, NodeType } from '../repository/node.ts'
import { timestampFromNanoseconds } from '../repository/timestamp.ts'
import type { FileNumbers } from '../repository/tree-entries.ts'
import type { FileState } from './change-detection.ts'
import { ScannedNumbers } from './file-numbers.ts'

const NO_ATTRIBUTES: readonly ExtendedAttribute[] = []
const NO_GENERIC_ATTRIBUTES: ReadonlyMap<string, string> = new Map()

/** What is asked of a {@link NodeBuilder}. */
export interface NodeBuilderOptions {
  /** Keep times of last access. */
  readonly withAtime: boolean
  /** Told of metadata that could not be read; the node is made without it. */
  readonly onIncomplete: (path: string, message: string) => void
}

/** Kind of an entry. */
export function nodeType(stats: BigIntStats): NodeType {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'dir'
  if (stats.isSymbolicLink()) return 'symlink'
  if (stats.isCharacterDevice()) return 'chardev'
  if (stats.isBlockDevice()) return 'dev'
  if (stats.isFIFO()) return 'fifo'
  if (stats.isSocket()) return 'socket'
  return 'irregular'
}

/** Turns what the file system says of entries into nodes, with the fields that restic fills in for each kind. */
export class NodeBuilder {
  readonly #platform: Platform
  readonly #options: NodeBuilderOptions
  readonly #numbers = new ScannedNumbers()

  constructor(platform: Platform, options: NodeBuilderOptions) {
    this.#platform = platform
    this.#options = options
  }

  /**
   * The node of an entry. Files come without content (empty), folders without their tree.
   *
   * @param name - its name in the snapshot
   * @param path - where it lies
   * @param stats - of the entry itself
   * @param extendedAttributes - read now if left out
   * @throws the system's error where a symbolic link cannot be read
   */
  build(
    name: string,
    path: string,
    stats: BigIntStats,
    extendedAttributes: readonly ExtendedAttribute[] = this.extendedAttributes(path),
  ): Node {
    return this.#build(name, path, stats, extendedAttributes)
  }

  /** The numbers that the node of a file would have; valid until the next call. */
  fileNumbers(stats: BigIntStats): FileNumbers {
    const numbers = this.#numbers
    numbers.take(stats, this.#options.withAtime)
    numbers.mode = fileModeFromPosix(this.#platform.posixMode(stats))
    numbers.user = this.#platform.accounts.userName(numbers.uid)
    numbers.group = this.#platform.accounts.groupName(numbers.gid)
    return numbers
  }

  /**
   * The node of a folder that only leads to a source. Its extended attributes are left out where nobody may read them: that the user did not
   * ask for, and restic passes it over too.
   */
  buildLeading(name: string, path: string, stats: BigIntStats): Node {
    return this.#build(name, path, stats, this.extendedAttributes(path, ['EPERM', 'EACCES']))
  }

  #build(name: string, path: string, stats: BigIntStats, extendedAttributes: readonly ExtendedAttribute[]): Node {
    const type = nodeType(stats)
    const mtime = timestampFromNanoseconds(stats.mtimeNs)
    const uid = Number(stats.uid)
    const gid = Number(stats.gid)
    const counted = type === 'file' || type === 'symlink' || type === 'dev' || type === 'chardev'
    return {
      name,
      type,
      mode: fileModeFromPosix(this.#platform.posixMode(stats)),
      mtime,
      atime: this.#options.withAtime ? timestampFromNanoseconds(stats.atimeNs) : mtime,
      ctime: stats.ctimeNs === stats.mtimeNs ? mtime : timestampFromNanoseconds(stats.ctimeNs),
      uid,
      gid,
      user: this.#platform.accounts.userName(uid),
      group: this.#platform.accounts.groupName(gid),
      inode: stats.ino,
      deviceId: stats.dev,
      size: type === 'file' ? stats.size : 0n,
      links: counted ? stats.nlink : 0n,
      linkTarget: type === 'symlink' ? nameFromBytes(readlinkSync(toFsPath(path), { encoding: 'buffer' })) : '',
      extendedAttributes,
      genericAttributes: NO_GENERIC_ATTRIBUTES,
      device: type === 'dev' || type === 'chardev' ? stats.rdev : 0n,
      content: type === 'file' ? [] : null,
      subtree: undefined,
      error: '',
    }
  }

  /** The node of a file that is the same but for what `state` says. */
  withState(node: Node, { mtimeNs, ctimeNs, ino }: FileState): Node {
    const mtime = timestampFromNanoseconds(mtimeNs)
    const atime = this.#options.withAtime ? node.atime : mtime
    return { ...node, mtime, atime, ctime: timestampFromNanoseconds(ctimeNs), inode: ino }
  }

  /** Extended attributes of an entry; none where they cannot be read. @param passedOver - codes of errors that nobody is told of */
  extendedAttributes(path: string, passedOver: readonly string[] = []): readonly ExtendedAttribute[] {
    if (this.#platform.extendedAttributes === undefined) return NO_ATTRIBUTES
    try {
      return this.#platform.extendedAttributes.read(path)
    } catch (error) {
      if (!passedOver.includes(systemErrorCode(error) ?? ''))
        this.#options.onIncomplete(path, `its extended attributes could not be read: ${describeError(error)}`)
      return NO_ATTRIBUTES
    }
  }
}
