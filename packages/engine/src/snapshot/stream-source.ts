import type { ChunkStream } from '../chunking/chunk-stream.ts'
import { throwIfAborted, VarveError } from '../errors.ts'
import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import type { Timestamp } from '../repository/timestamp.ts'
import { encodeTree } from '../repository/tree-encoding.ts'
import { FileMode } from '../repository/file-mode.ts'
import type { BlobSaver } from './blob-saver.ts'
import type { StreamSource } from './snapshot-options.ts'
import type { Tally } from './tally.ts'

/** The time that restic gives an inode change of which nothing is known. */
const NO_TIME = '0001-01-01T00:00:00Z' as Timestamp

/** What saving a stream works with. */
export interface StreamContext {
  readonly saver: BlobSaver
  readonly chunks: ChunkStream
  readonly tally: Tally
  readonly time: Timestamp
  readonly signal: AbortSignal | undefined
  /** Called with the bytes of each piece that has been read. */
  readonly onRead: (bytes: number) => void
}

/**
 * Saves a stream as a file, below the folders that its name has.
 * @returns the root tree
 * @throws ERR_VARVE_BAD_ARGUMENT for a name that is none, and what the stream throws
 */
export async function saveStream(source: StreamSource, context: StreamContext): Promise<Id> {
  const parts = source.name.split('/').filter((part) => part !== '' && part !== '.')
  const fileName = parts.pop()
  if (fileName === undefined || parts.includes('..') || fileName === '..') {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `'${source.name}' cannot be the name of a file in a snapshot`)
  }
  const { content, size } = await saveChunks(source.stream, context)
  const file: Node = { ...streamNode(fileName, context.time), type: 'file', mode: 0o644, size: BigInt(size), content }
  context.tally.count(file, undefined)
  let tree = context.saver.saveBlob('tree', encodeTree([file]))
  for (const name of parts.toReversed()) {
    const folder: Node = { ...streamNode(name, context.time), type: 'dir', mode: FileMode.dir | 0o755, subtree: tree }
    context.tally.count(folder, undefined)
    tree = context.saver.saveBlob('tree', encodeTree([folder]))
  }
  return tree
}

async function saveChunks(
  stream: AsyncIterable<Uint8Array>,
  context: StreamContext,
): Promise<{ content: Id[]; size: number }> {
  const { chunks, saver, signal } = context
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
  for await (const piece of stream) {
    throwIfAborted(signal)
    for (let taken = 0; taken < piece.length;) {
      const room = chunks.room()
      const part = piece.subarray(taken, taken + room.length)
      room.set(part)
      chunks.fed(part.length)
      taken += part.length
      await saveThose()
    }
    size += piece.length
    context.onRead(piece.length)
  }
  chunks.end()
  await saveThose()
  return { content, size }
}

function streamNode(name: string, time: Timestamp): Omit<Node, 'type' | 'mode'> {
  return {
    name,
    mtime: time,
    atime: time,
    ctime: NO_TIME,
    uid: 0,
    gid: 0,
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
