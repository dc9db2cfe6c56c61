import { decodeSignature } from '../rsync/signature-format.ts'
import { computeDelta } from '../rsync/delta.ts'
import type { FileState } from '../directory-index/entry.ts'
import { END_OF_ARCHIVE, encodeEntry } from '../tar-volume/entry-encoding.ts'
import { paddedSize } from '../tar-volume/tar-header.ts'
import { MANIFEST, memberName, type MemberKind } from './archive-format.ts'
import { changedSince, indexedContent } from './file-pieces.ts'

/** Bytes of a delta that are kept in memory until its length is known. A longer one is computed twice, so that nothing has to be written anywhere. */
const LARGEST_KEPT_DELTA = 8 * 1024 * 1024

const MEMBER_MODE = 0o644

/** A file whose content has to be in an archive. */
export interface NewContent {
  /** The folder that was indexed. */
  readonly folder: string
  readonly path: string
  readonly state: FileState
  /** Of what the file held before, as `encodeSignature` writes it. */
  readonly signature: Uint8Array | undefined
  readonly signal: AbortSignal | undefined
}

/** The member that describes all others, whose `size` bytes are `pieces`. */
export async function* manifestMember(size: number, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* member(MANIFEST, size, pieces)
}

/** A member that can be written. */
export interface PreparedMember {
  readonly kind: MemberKind
  /** Bytes of a tar. */
  readonly pieces: AsyncIterable<Uint8Array>
}

/**
 * The member for a file's new content: a delta where there is something to compute it against and it is shorter than the file, else the file itself.
 *
 * @throws ERR_VARVE_SOURCE where the file cannot be read or has changed since it was indexed; ERR_VARVE_ABORTED; ERR_VARVE_DAMAGED for a signature; the pieces
 *   throw likewise
 */
export async function contentMember(content: NewContent): Promise<PreparedMember> {
  const { folder, path, state, signature, signal } = content
  const delta = signature === undefined ? undefined : await measureDelta(content, signature)
  const kind = delta === undefined ? 'created' : 'updated'
  const pieces = delta?.pieces ?? indexedContent(folder, path, state, signal)
  return { kind, pieces: member(memberName(kind, path), delta?.size ?? state.size, pieces) }
}

/** What stands at the end of a tar. */
export function endOfMembers(): Uint8Array {
  return END_OF_ARCHIVE
}

interface MeasuredDelta {
  readonly size: number
  readonly pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/** Undefined where the delta is not shorter than the file. */
async function measureDelta(content: NewContent, encoded: Uint8Array): Promise<MeasuredDelta | undefined> {
  const { folder, path, state, signal } = content
  const signature = decodeSignature(encoded)
  const compute = (): AsyncIterable<Uint8Array> =>
    computeDelta(signature, indexedContent(folder, path, state, signal), signal === undefined ? {} : { signal })
  const kept: Uint8Array[] = []
  let size = 0
  for await (const piece of compute()) {
    size += piece.length
    if (size >= state.size) return undefined
    if (size <= LARGEST_KEPT_DELTA) kept.push(piece.slice())
    else kept.length = 0
  }
  return { size, pieces: size <= LARGEST_KEPT_DELTA ? kept : compute() }
}

async function* member(
  name: string,
  size: number,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield encodeEntry({
    path: name,
    type: 'file',
    size,
    mode: MEMBER_MODE,
    mtime: 0n,
    uid: 0,
    gid: 0,
    userName: '',
    groupName: '',
    linkTarget: '',
  })
  let written = 0
  for await (const piece of pieces) {
    written += piece.length
    yield piece
  }
  // Nothing but the same file makes the same delta, so that this says that the file changed.
  if (written !== size) throw changedSince(name)
  yield Buffer.alloc(paddedSize(size) - size)
}
