import { throwIfAborted } from '@varve/platform/errors'
import type { ProgressMeter } from '../../directory-index/progress-meter.ts'
import type { ArchivedContent } from '../archive-reader.ts'
import { replacesEntry, type Change } from '../change.ts'
import type { FileSteps } from './file-steps.ts'
import { FlushQueue } from './flush-queue.ts'
import { JournalEncoder } from './journal.ts'
import type { TargetStep } from './target-walk.ts'
import { makeContent } from './verification.ts'
import type { WorkFolder } from './work-folder.ts'

const PIECE = 256 * 1024

/** What preparing needs. */
export interface StagingOptions {
  readonly work: WorkFolder
  readonly steps: FileSteps
  readonly signal: AbortSignal | undefined
  readonly meter: ProgressMeter
}

/**
 * Prepares all that is new in the work folder, with its metadata, durably, and then writes the journal. The directory is only read.
 *
 * @param walk - from `walkTarget`
 * @throws the system's error; ERR_VARVE_ABORTED; what the walk throws
 */
export async function stage(walk: AsyncGenerator<TargetStep, string>, options: StagingOptions): Promise<void> {
  const { work, signal, meter } = options
  const flushing = new FlushQueue()
  await work.writeJournal(
    (async function* records() {
      const journal = new JournalEncoder()
      try {
        for await (const step of walk) {
          throwIfAborted(signal)
          if (step.kind === 'folder') {
            journal.add(step)
          } else {
            await stageEntry(step.change, step.content, options, flushing)
            journal.add(step)
            meter.filesDone++
            meter.tick(step.change.path)
          }
          if (journal.pending >= PIECE) yield journal.take()
        }
      } finally {
        await flushing.finish()
      }
      journal.finish()
      yield journal.take()
    })(),
  )
}

async function stageEntry(
  change: Change,
  content: ArchivedContent | undefined,
  { work, steps, signal, meter }: StagingOptions,
  flushing: FlushQueue,
): Promise<void> {
  const { path, after, source, before } = change
  if (after === undefined || source !== undefined || after.type === 'dir' || !replacesEntry(change)) return
  const staged = work.inNew(path)
  const finish = (): void => {
    keepOwner(work.inTarget(path), staged, before?.type === after.type, steps)
    steps.setMetadata(staged, after.type, after.mode, after.mtime)
  }
  if (after.type !== 'file') {
    if (after.type === 'symlink') steps.makeLink(staged, after.target)
    else steps.makeSpecial(staged, after)
    finish()
    return
  }
  if (content === undefined) throw new Error(`no content came for '${path}'`)
  const file = await steps.write(staged, makeContent(content, work.inTarget(path), signal))
  try {
    finish()
  } catch (error) {
    await file.close()
    throw error
  }
  await flushing.add(steps.flushAndClose(file, staged))
  meter.bytesDone += after.size
}

/** What replaces an entry of the same kind belongs to whom that belonged to, where this process may give things away. */
function keepOwner(from: string, to: string, isSameKind: boolean, steps: FileSteps): void {
  if (!isSameKind || process.geteuid?.() !== 0) return
  const before = steps.stat(from)
  if (before !== undefined) steps.setOwner(to, Number(before.uid), Number(before.gid))
}
