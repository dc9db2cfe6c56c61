import { readFileSync, type BigIntStats } from 'node:fs'
import { toFsPath } from '@varve/platform/file-name'
import { decodeIncrement } from '../increment/decode-increment.ts'
import type { CatalogueEntry, TrackedState } from '../increment/increment.ts'
import { metadataName } from '../increment/metadata-format.ts'
import { EMPTY_TABLE, type EntryTable } from '../scan/entry-table.ts'
import { encodeState, readState } from '../state/state-file.ts'
import type { RunContext } from './run-context.ts'
import { setAside } from './set-aside.ts'
import { settledTable } from './settled-table.ts'
import { MirrorUpdate, type Update } from './update-mirror.ts'

/**
 * Brings to its end what an interrupted run left: an increment that was published is put into the mirror, and anything unfinished goes.
 *
 * @returns name of the increment, if there was one
 * @throws the system's error; ERR_VARVE_DAMAGED where the increment's metadata is; ERR_VARVE_UNSAFE_PATH
 */
export async function recoverRun(context: RunContext): Promise<string | undefined> {
  const { steps, layout } = context
  const pending = readState(layout.pending)
  const name = pending?.publishing
  // One that somebody has deleted since, or moved away, is none of the mirror's any more.
  const published = name !== undefined && steps.stat(layout.increment(name)) !== undefined ? name : undefined
  steps.removeAll(layout.work)
  if (pending !== undefined) {
    if (published !== undefined) {
      steps.makeFolder(layout.work)
      await publishAgain(context, published, pending.table)
      if (context.copiedLate) steps.flushFileSystem(layout.mirror)
    }
    const old = readState(layout.state)
    const isPublished = published !== undefined
    const stat = (path: string): BigIntStats | undefined => steps.stat(layout.inMirror(path))
    const table = settledTable(old?.table ?? EMPTY_TABLE, pending.table, isPublished, stat)
    const increment = published ?? old?.increment
    steps.writeDurably(layout.state, encodeState({ table, increment, publishing: undefined }))
  }
  for (const path of [layout.pending, `${layout.pending}-tmp`, `${layout.state}-tmp`]) {
    if (steps.stat(path) !== undefined) steps.remove(path)
  }
  steps.removeAll(layout.work)
  return published
}

async function publishAgain(context: RunContext, name: string, next: EntryTable): Promise<void> {
  const { steps, layout } = context
  const folder = layout.increment(name)
  const metadata = `${folder}/${metadataName(name)}`
  const { entries } = decodeIncrement(readFileSync(toFsPath(metadata)), `'${metadata}'`)
  for (const { path, before, after } of entries) {
    const stats = steps.stat(layout.inMirror(path))
    if (stats === undefined || stats.isDirectory() || isStateOf(stats, before) || isStateOf(stats, after)) continue
    setAside(context, path)
  }
  await new MirrorUpdate(context, next).run(updatesOf(entries, next, folder, () => false))
}

function isStateOf(stats: BigIntStats, state: TrackedState | undefined): boolean {
  if (state?.type === 'symlink') return stats.isSymbolicLink()
  return state?.type === 'file' && stats.isFile() && stats.size === BigInt(state.size) && stats.mtimeNs === state.mtime
}

/**
 * What an increment's entries mean for the mirror.
 *
 * @param next - what the mirror will hold: what is not tracked any more stays if that says so
 * @param folder - the increment
 * @param isNew - whether the mirror certainly had nothing at a path
 */
export function updatesOf(
  entries: readonly CatalogueEntry[],
  next: EntryTable,
  folder: string,
  isNew: (path: string) => boolean,
): readonly Update[] {
  return entries.flatMap(({ path, after }): readonly Update[] => {
    const row = next.find(path)
    if (after === undefined) return row === undefined ? [{ path, after: row, content: undefined, isNew: false }] : []
    if (row === undefined) return []
    const content = { kind: 'increment', root: `${folder}/track` } as const
    return [{ path, after: row, content: after.type === 'file' ? content : undefined, isNew: isNew(path) }]
  })
}
