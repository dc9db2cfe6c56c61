import { throwIfAborted, VarveError } from '@varve/platform/errors'
import { plainLength } from '../repository/blob.ts'
import { shortId, type Id } from '../repository/id.ts'
import type { IndexedRepository } from '../repository/repository.ts'
import type { StoredSnapshot } from '../repository/snapshot.ts'
import { findPath } from './find-path.ts'
import { TreeLoader } from '../repository/tree-loader.ts'

/** Blobs that are fetched before they are asked for. */
const READ_AHEAD = 3

/** What of a file to read. */
export interface ReadFileOptions {
  /** Bytes to pass over; 0 if left out. */
  readonly offset?: number
  /** Bytes to read at most; up to the file's end if left out. */
  readonly length?: number
  readonly signal?: AbortSignal | undefined
}

/** A piece of a blob that was asked for. */
interface Piece {
  readonly id: Id
  readonly from: number
  readonly to: number
}

/**
 * The content of a file in a snapshot, piece by piece, without restoring it. Every piece is verified before it is handed out, and only
 * the pieces that the range touches are fetched.
 *
 * @param path - of the file in the snapshot, names separated by `/`; or the absolute path that it was saved from
 * @throws ERR_VARVE_PATH_NOT_FOUND where there is no such file, or something else than a file; ERR_VARVE_MISSING_BLOB, ERR_VARVE_DAMAGED,
 *   ERR_VARVE_BAD_ARGUMENT for a negative or fractional range, ERR_VARVE_ABORTED
 */
export async function* readFile(
  repository: IndexedRepository,
  snapshot: StoredSnapshot,
  path: string,
  options: ReadFileOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const { offset = 0, length = Number.MAX_SAFE_INTEGER, signal } = options
  if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(length) || length < 0) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `cannot read ${length} bytes from ${offset} on`)
  }
  const node = await findPath(new TreeLoader(repository), snapshot, path)
  if (node?.type !== 'file') {
    const what = node === undefined || node.type === 'dir' ? 'a folder' : `a ${node.type}`
    throw new VarveError(
      'ERR_VARVE_PATH_NOT_FOUND',
      `'${path}' in snapshot ${shortId(snapshot.id)} is ${what}, not a file`,
    )
  }
  const pieces = piecesOf(repository, node.content ?? [], offset, length, path)
  const fetching: { readonly piece: Piece; readonly content: Promise<Uint8Array> }[] = []
  const fetchNext = (): void => {
    const { value: piece } = pieces.next()
    if (piece === undefined) return
    const content = repository.loadBlob({ type: 'data', id: piece.id })
    // Whoever awaits it handles a failure; a reader that stops early leaves it to nobody.
    content.catch(() => undefined)
    fetching.push({ piece, content })
  }
  for (let i = 0; i <= READ_AHEAD; i++) fetchNext()
  for (let next = fetching.shift(); next !== undefined; next = fetching.shift()) {
    throwIfAborted(signal)
    const content = await next.content
    fetchNext()
    yield content.subarray(next.piece.from, next.piece.to)
  }
}

function* piecesOf(
  repository: IndexedRepository,
  content: readonly Id[],
  offset: number,
  length: number,
  path: string,
): Generator<Piece, undefined> {
  const end = offset + length
  let at = 0
  for (const id of content) {
    if (at >= end) return
    const place = repository.index.lookup('data', id)
    if (place === undefined) {
      throw new VarveError('ERR_VARVE_MISSING_BLOB', `content of '${path}' is missing: no index knows blob ${id}`)
    }
    const size = plainLength(place)
    if (at + size > offset) yield { id, from: Math.max(0, offset - at), to: Math.min(size, end - at) }
    at += size
  }
}
