import type { Id } from '../repository/id.ts'
import type { FileToSave, SavedFile } from './save-jobs.ts'

/** Numbers that {@link FileBatch} keeps of a file. */
const STATE_NUMBERS = 4

/** Files on their way to a thread, in columns: as objects, small files would cost as much to send as to save. */
export interface FileBatch {
  readonly paths: readonly string[]
  /** Size, time of modification, time of change and inode of each, one after the other. */
  readonly states: BigInt64Array<ArrayBuffer>
}

/** What became of the files of a batch, in columns likewise. */
export interface SavedBatch {
  /** The blobs of all files, one after the other. */
  readonly ids: readonly Id[]
  /** How many blobs each file has. */
  readonly counts: Uint32Array<ArrayBuffer>
  /** Bytes that were read of each. */
  readonly sizes: Float64Array<ArrayBuffer>
  /** By their places in the batch, files of which there is more to say; they have no blobs in `ids`. */
  readonly others: ReadonlyMap<number, SavedFile>
}

/** Puts files together. */
export function joinFiles(files: readonly FileToSave[]): FileBatch {
  const states = new BigInt64Array(files.length * STATE_NUMBERS)
  let at = 0
  for (const { size, mtimeNs, ctimeNs, ino } of files) {
    states[at++] = size
    states[at++] = mtimeNs
    states[at++] = ctimeNs
    states[at++] = ino
  }
  return { paths: files.map(({ path }) => path), states }
}

/** The files of a batch. */
export function* splitFiles({ paths, states }: FileBatch): Generator<FileToSave, void> {
  let at = 0
  for (const path of paths) {
    yield {
      path,
      size: states[at] ?? 0n,
      mtimeNs: states[at + 1] ?? 0n,
      ctimeNs: states[at + 2] ?? 0n,
      ino: states[at + 3] ?? 0n,
    }
    at += STATE_NUMBERS
  }
}

/** Puts what became of files together. */
export function joinSaved(files: readonly SavedFile[]): SavedBatch {
  const ids: Id[] = []
  const counts = new Uint32Array(files.length)
  const sizes = new Float64Array(files.length)
  const others = new Map<number, SavedFile>()
  for (const [index, file] of files.entries()) {
    if (file.kind === 'failed' || file.found !== undefined || file.changedWhileRead) {
      others.set(index, file)
      continue
    }
    for (const id of file.content) ids.push(id)
    counts[index] = file.content.length
    sizes[index] = file.size
  }
  return { ids, counts, sizes, others }
}

/** What became of each file. */
export function* splitSaved({ ids, counts, sizes, others }: SavedBatch): Generator<SavedFile, void> {
  let start = 0
  for (const [index, size] of sizes.entries()) {
    const other = others.get(index)
    const end = start + (counts[index] ?? 0)
    yield other ?? { kind: 'saved', content: ids.slice(start, end), size, found: undefined, changedWhileRead: false }
    start = end
  }
}
