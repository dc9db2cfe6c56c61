import type { ChunkStream } from '../chunking/chunk-stream.ts'
import { VarveError } from '@varve/platform/errors'
import { isEntryName } from '@varve/platform/file-name'
import type { CurrentUser } from '@varve/platform'
import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import type { Timestamp } from '../repository/timestamp.ts'
import { encodeTree } from '../repository/tree-encoding.ts'
import { FileMode } from '../repository/file-mode.ts'
import { abortableStream } from './abortable-stream.ts'
import type { BlobSaver } from './blob-saver.ts'
import type { SnapshotItem, StreamSource } from './snapshot-options.ts'
import type { Tally } from './tally.ts'

/** What saving a stream works with. */
export interface StreamContext {
  readonly saver: BlobSaver
  readonly chunks: ChunkStream
  readonly tally: Tally
  readonly time: Timestamp
  /** To whom the file belongs. */
  readonly owner: CurrentUser
  readonly signal: AbortSignal | undefined
  /** Called with the bytes of each piece that has been read. */
  readonly onRead: (bytes: number) => void
  readonly onItem: (item: SnapshotItem) => void
}

/**
 * The names that lead to a stream's file, from the top of the snapshot; the last is its own.
 * @param name - as the user gave it, `/`-separated
 * @throws ERR_VARVE_BAD_ARGUMENT for a name that is none
 */
export function streamPath(name: string): readonly string[] {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.length === 0 || name.endsWith('/') || !parts.every(isEntryName)) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `'${name}' cannot be the name of a file in a snapshot`)
  }
  return parts
}

/**
 * Saves a stream as a file, below the folders that its name has.
 * @returns the root tree
 * @throws ERR_VARVE_BAD_ARGUMENT for a name that is none, ERR_VARVE_SNAPSHOT_EMPTY for a stream that gives nothing, ERR_VARVE_ABORTED, and what
 *   the stream throws
 */
export async function saveStream(source: StreamSource, context: StreamContext): Promise<Id> {
  const { saver } = context
  const parts = streamPath(source.name)
  const { content, size } = await saveChunks(source.stream, context)
  if (size === 0) {
    throw new VarveError('ERR_VARVE_SNAPSHOT_EMPTY', `there was nothing to save as '${source.name}'`, {
      hint: 'What should have written it may have failed.',
    })
  }
  const file = { ...streamNode(parts, context), type: 'file', mode: 0o644, size: BigInt(size), content } as const
  let tree = saveEntry(file, parts, context)
  for (let length = parts.length - 1; length > 0; length--) {
    const path = parts.slice(0, length)
    const folder = { ...streamNode(path, context), type: 'dir', mode: FileMode.dir + 0o755, subtree: tree } as const
    tree = saveEntry(folder, path, context)
  }
  await saver.room()
  return tree
}

/** The tree of a folder with one entry, whose path in the snapshot is `parts`. */
function saveEntry(node: Node, parts: readonly string[], { saver, tally, onItem }: StreamContext): Id {
  tally.count(node, 'new')
  onItem({ path: `/${parts.join('/')}`, type: node.type, action: 'new' })
  return saver.saveBlob('tree', encodeTree([node]))
}

async function saveChunks(
  stream: AsyncIterable<Uint8Array>,
  { chunks, saver, signal, onRead }: StreamContext,
): Promise<{ readonly content: readonly Id[]; readonly size: number }> {
  const content: Id[] = []
  let size = 0
  const saveThose = async (): Promise<void> => {
    for (let chunk = chunks.next(); chunk !== undefined; chunk = chunks.next()) {
      // Its memory is filled again before a thread has taken the blob.
      content.push(saver.saveBlob('data', chunk.slice()))
      await saver.room()
    }
  }
  chunks.restart()
  for await (const piece of abortableStream(stream, signal)) {
    for (let taken = 0; taken < piece.length;) {
      const room = chunks.room()
      const part = piece.subarray(taken, taken + room.length)
      room.set(part)
      chunks.fed(part.length)
      taken += part.length
      await saveThose()
    }
    size += piece.length
    onRead(piece.length)
  }
  chunks.end()
  await saveThose()
  return { content, size }
}

/** With the fields that restic fills in for what it reads from standard input (`internal/fs/fs_reader.go`). */
function streamNode(parts: readonly string[], { time, owner }: StreamContext): Omit<Node, 'type' | 'mode'> {
  return {
    name: parts.at(-1) ?? '',
    mtime: time,
    atime: time,
    ctime: time,
    uid: owner.uid,
    gid: owner.gid,
    user: '',
    group: '',
    inode: 0n,
    deviceId: 0n,
    size: 0n,
    links: 0n,
    linkTarget: '',
    extendedAttributes: [],
    genericAttributes: new Map(),
    device: 0n,
    content: null,
    subtree: undefined,
    error: '',
  }
}
