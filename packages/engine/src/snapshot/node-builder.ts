import { readlinkSync } from 'node:fs'
import type { ExtendedAttribute, ExtendedAttributes, Platform } from '@varve/platform'
import { describeError, systemErrorCode } from '@varve/platform/errors'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import { fileModeFromPosix } from '../repository/file-mode.ts'
import type { Node, NodeType } from '../repository/node.ts'
import { timestampFromNanoseconds } from '../repository/timestamp.ts'
import type { FileNumbers } from '../repository/tree-entries.ts'
import type { FileState } from './change-detection.ts'
import { ScannedNumbers } from './file-numbers.ts'
import type { EntryStats } from './walk.ts'

/** Those of most entries. */
export const NO_ATTRIBUTES: readonly ExtendedAttribute[] = []
const NO_GENERIC_ATTRIBUTES: ReadonlyMap<string, string> = new Map()

/** A number that the system has in 64 bits without a sign, and Node with one. */
function unsigned(number: bigint): bigint {
  return number < 0n ? BigInt.asUintN(64, number) : number
}

/** What is asked of a {@link NodeBuilder}. */
export interface NodeBuilderOptions {
  /** Keep times of last access. */
  readonly withAtime: boolean
  /** Told of metadata that could not be read; the node is made without it. */
  readonly onIncomplete: (path: string, message: string) => void
}

const TYPE_BITS = 0o170000

/** Kind of an entry. */
export function nodeType({ mode }: Pick<EntryStats, 'mode'>): NodeType {
  switch (Number(mode) & TYPE_BITS) {
    case 0o100000:
      return 'file'
    case 0o040000:
      return 'dir'
    case 0o120000:
      return 'symlink'
    case 0o020000:
      return 'chardev'
    case 0o060000:
      return 'dev'
    case 0o010000:
      return 'fifo'
    case 0o140000:
      return 'socket'
    default:
      return 'irregular'
  }
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
   * @param attributes - its extended attributes; read now if left out
   * @throws the system's error where a symbolic link cannot be read
   */
  build(
    name: string,
    path: string,
    stats: EntryStats,
    attributes: readonly ExtendedAttribute[] = this.#readAttributes(path),
  ): Node {
    return this.#build(name, path, stats, attributes)
  }

  /** Undefined where this process cannot reach extended attributes. */
  get extendedAttributes(): ExtendedAttributes | undefined {
    return this.#platform.extendedAttributes
  }

  /** The numbers that the node of a file would have; valid until the next call. */
  fileNumbers(stats: EntryStats): FileNumbers {
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
  buildLeading(name: string, path: string, stats: EntryStats): Node {
    return this.#build(name, path, stats, this.#readAttributes(path, ['EPERM', 'EACCES']))
  }

  #build(name: string, path: string, stats: EntryStats, extendedAttributes: readonly ExtendedAttribute[]): Node {
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
      inode: unsigned(stats.ino),
      deviceId: unsigned(stats.dev),
      size: type === 'file' ? stats.size : 0n,
      links: counted ? stats.nlink : 0n,
      linkTarget: type === 'symlink' ? nameFromBytes(readlinkSync(toFsPath(path), { encoding: 'buffer' })) : '',
      extendedAttributes,
      genericAttributes: NO_GENERIC_ATTRIBUTES,
      device: type === 'dev' || type === 'chardev' ? unsigned(stats.rdev) : 0n,
      content: type === 'file' ? [] : null,
      subtree: undefined,
      error: '',
    }
  }

  /** The node of a file that is the same but for what `state` says. */
  withState(node: Node, { mtimeNs, ctimeNs, ino }: FileState): Node {
    const mtime = timestampFromNanoseconds(mtimeNs)
    const atime = this.#options.withAtime ? node.atime : mtime
    return { ...node, mtime, atime, ctime: timestampFromNanoseconds(ctimeNs), inode: unsigned(ino) }
  }

  /** Extended attributes of an entry, none where they cannot be read. Throws ENOENT where the entry has gone. */
  attributesOf(path: string): readonly ExtendedAttribute[] {
    return this.#readAttributes(path, [], 'ENOENT')
  }

  /** @param passedOver - codes of errors that nobody is told of @param thrown - that of errors that are the caller's business */
  #readAttributes(path: string, passedOver: readonly string[] = [], thrown?: string): readonly ExtendedAttribute[] {
    if (this.#platform.extendedAttributes === undefined) return NO_ATTRIBUTES
    try {
      return this.#platform.extendedAttributes.read(path)
    } catch (error) {
      const code = systemErrorCode(error) ?? ''
      if (code === thrown) throw error
      if (!passedOver.includes(code))
        this.#options.onIncomplete(path, `its extended attributes could not be read: ${describeError(error)}`)
      return NO_ATTRIBUTES
    }
  }
}
