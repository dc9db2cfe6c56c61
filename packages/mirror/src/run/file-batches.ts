import type { ReadOutcome } from '../disk/compare-files.ts'
import { type CopyOutcome, TELLING } from '../disk/copy-file.ts'
import { EntryTable } from '../scan/entry-table.ts'
import type { RunContext } from './run-context.ts'

/** How much a thread is given at once: enough that handing it over costs little, and not so much that others idle in the end. */
const MOST_FILES = 128
const MOST_BYTES = 16 * 1024 * 1024

/** Something with a path. */
interface Located {
  readonly path: string
}

/** Files that are handed to a thread together. */
interface Batch<T> {
  readonly files: readonly T[]
  readonly bytes: number
}

/** Puts files together to be handed to threads. @param sizeOf - bytes of a file */
export function* batchesOf<T extends Located>(
  all: Iterable<T>,
  sizeOf: (file: T) => number,
): Generator<Batch<T>, void> {
  let batch: T[] = []
  let bytes = 0
  for (const file of all) {
    const size = sizeOf(file)
    if (batch.length > 0 && (batch.length === MOST_FILES || bytes + size > MOST_BYTES)) {
      yield { files: batch, bytes }
      batch = []
      bytes = 0
    }
    batch.push(file)
    bytes += size
  }
  if (batch.length > 0) yield { files: batch, bytes }
}

/** Reads files, or compares them with those at the same paths of another folder. @throws ERR_VARVE_ABORTED */
export async function readFiles<T extends Located>(
  context: RunContext,
  root: string,
  other: string | undefined,
  batches: Iterable<Batch<T>>,
  onOutcome: (file: T, outcome: ReadOutcome) => void,
): Promise<void> {
  await inParallel(context, batches, async ({ files, bytes }) => {
    const result = await context.workers.run({ kind: 'read', root, other, paths: files.map(({ path }) => path), bytes })
    if (result.kind !== 'read') throw new Error('a job was answered with another one')
    for (const [index, file] of files.entries()) {
      const outcome = result.outcomes[index]
      if (outcome === undefined) throw new Error('a job was answered in part')
      onOutcome(file, outcome)
      context.advance(file.path)
    }
  })
}

/** Copies files to the same paths of another folder. @throws the system's error where the target fails; ERR_VARVE_ABORTED */
export async function copyFiles<T extends Located>(
  context: RunContext,
  to: string,
  tracked: boolean,
  batches: Iterable<Batch<T>>,
  onOutcome: (file: T, outcome: CopyOutcome) => void,
): Promise<void> {
  const from = context.config.source
  await inParallel(context, batches, async ({ files, bytes }) => {
    const result = await context.workers.run({
      kind: 'copy',
      from,
      to,
      paths: files.map(({ path }) => path),
      tracked,
      bytes,
    })
    if (result.kind !== 'copy') throw new Error('a job was answered with another one')
    const table = new EntryTable(result.copied)
    const others = new Map(result.others.map(({ place, outcome }) => [place, outcome]))
    let row = 0
    for (const [place, file] of files.entries()) {
      const other = others.get(place)
      if (other !== undefined) {
        onOutcome(file, other)
        context.advance(file.path)
        continue
      }
      const copied = table.row(row++)
      onOutcome(file, { kind: 'copied', row: copied, changed: result.changed.includes(place) })
      context.bytesCopied += copied.size
      context.advance(file.path, 1, copied.size % TELLING)
    }
  })
}

/**
 * Gives files names at the same paths of another folder.
 * @param onFailure - called with each that could not be linked, for whatever reason
 * @throws ERR_VARVE_ABORTED
 */
export async function linkFiles<T extends Located>(
  context: RunContext,
  from: string,
  to: string,
  files: readonly T[],
  onFailure: (file: T) => void,
): Promise<void> {
  await inParallel(context, batchesOf(files, noBytes), async (batch) => {
    const paths = batch.files.map(({ path }) => path)
    const result = await context.workers.run({ kind: 'link', from, to, paths, bytes: 0 })
    if (result.kind !== 'link') throw new Error('a job was answered with another one')
    for (const place of result.failed) {
      const file = batch.files[place]
      if (file !== undefined) onFailure(file)
    }
    context.advance(paths[0] ?? '', paths.length)
  })
}

function noBytes(): number {
  return 0
}

/** Twice as many batches are on their way as there are threads, so that none idles. The first failure ends it all, once what is on its way is done. */
async function inParallel<T>(
  { workers }: RunContext,
  batches: Iterable<T>,
  work: (batch: T) => Promise<void>,
): Promise<void> {
  const queue = batches[Symbol.iterator]()
  let failed = false
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true && !failed; next = queue.next()) {
      try {
        await work(next.value)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: workers.size * 2 }, lane))
  for (const result of lanes) if (result.status === 'rejected') throw result.reason
}
