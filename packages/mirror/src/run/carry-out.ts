import { comparePaths } from '@varve/delta/entries'
import { isIncrementName, newIncrementName, numberOfName, timeOfName } from '../increment/increment-name.ts'
import type { EntryTable } from '../scan/entry-table.ts'
import { encodeState, type MirrorState } from '../state/state-file.ts'
import { copyChanges, type CopiedFiles } from './copy-changes.ts'
import { makeIncrement } from './make-increment.ts'
import { nextTable, trackedChanges } from './next-state.ts'
import type { PlannedChange, RunPlan } from './plan.ts'
import { updatesOf } from './recover.ts'
import type { RunContext } from './run-context.ts'
import { setAside } from './set-aside.ts'
import { MirrorUpdate, type Update } from './update-mirror.ts'

/** Files from which on it is worth it to flush while other work is done. */
const MANY = 1000

/**
 * Carries out a plan: copies all that is new into the work folder, completes an increment of what is tracked there, publishes it by renaming it, and brings the mirror up to date. Until then
 * nothing that was there has changed; from then on the next run can bring it to its end.
 *
 * @param state - what was known of the mirror
 * @returns name of the increment; undefined where nothing tracked changed
 * @throws the system's error where the destination fails; ERR_VARVE_UNSAFE_PATH, ERR_VARVE_ABORTED
 */
export async function carryOut(
  context: RunContext,
  plan: RunPlan,
  state: MirrorState | undefined,
): Promise<string | undefined> {
  const { layout, steps } = context
  try {
    return await publishChanges(context, plan, state)
  } catch (error) {
    // A full disk is not left full of what is of no use. The first failure is the one to report.
    try {
      if (steps.stat(layout.pending) === undefined) steps.removeAll(layout.work)
    } catch {
      // The next run tries again.
    }
    throw error
  }
}

async function publishChanges(
  context: RunContext,
  plan: RunPlan,
  state: MirrorState | undefined,
): Promise<string | undefined> {
  const { layout, steps, options } = context
  const time = options.now ?? new Date()
  const increments = steps.names(layout.destination).filter(isIncrementName)
  const previous = state?.increment ?? lastIncrement(increments)
  const name = newIncrementName(previous === undefined ? increments : [...increments, previous], time)
  const unfinished = layout.unfinished(name)
  steps.makeFolder(layout.work)
  steps.makeFolder(unfinished)
  const copied = await copyChanges(context, plan, `${unfinished}/track`)
  // Most of what is written is on its way to the disk while the increment is completed.
  const flushing = copied.rows.size < MANY ? undefined : context.workers.run({ kind: 'flush', folder: layout.work })
  // What comes before it is awaited may fail first.
  flushing?.catch(() => undefined)
  const table = nextTable(plan, copied.rows)
  const entries = trackedChanges(plan.tables.known, table)
  const inIncrement = new Set(entries.map(({ path }) => path))
  takeOut(context, plan, copied, inIncrement)
  const publishing = entries.length === 0 ? undefined : name
  const opened = openFolders(context, plan)
  if (publishing !== undefined) makeIncrement(context, plan, { name, time, previous }, entries, table, copied)
  setStraysAside(context, plan)
  context.begin('flushing')
  await flushing
  steps.flushFileSystem(layout.work)
  steps.writeDurably(layout.pending, encodeState({ table, increment: publishing ?? previous, publishing }))
  if (publishing !== undefined) {
    steps.rename(unfinished, layout.increment(name))
    steps.flushFolder(layout.destination)
  }
  const there = new Set(plan.changes.flatMap(({ path, mirror }) => (mirror < 0 ? [] : [path])))
  const updates: Update[] = [...updatesOf(entries, table, layout.increment(name), (path) => !there.has(path))]
  for (const change of plan.changes) {
    if (!inIncrement.has(change.path)) updates.push(...updateOf(context, plan, change, table, copied))
  }
  await new MirrorUpdate(context, table, opened).run(updates.toSorted((a, b) => comparePaths(a.path, b.path)))
  finish(context)
  return publishing
}

/** Tracked files that were copied only because the mirror had lost them are nothing that increments have to tell. */
function takeOut(context: RunContext, plan: RunPlan, copied: CopiedFiles, inIncrement: ReadonlySet<string>): void {
  const { source } = plan.tables
  for (const { path, source: row, copies } of plan.changes) {
    if (!copies || !source.isTracked(row) || inIncrement.has(path) || !copied.rows.has(path)) continue
    context.steps.rename(`${copied.trackFolders.root}/${path}`, copied.folders.prepare(path))
  }
}

/** Folders around what changes whose permissions, which are the source's, keep even their owner out: this process is let in. */
function openFolders({ steps, layout, keepsOwners }: RunContext, { tables, changes }: RunPlan): readonly string[] {
  if (keepsOwners) return []
  const closed: string[] = []
  for (const [row, path] of tables.mirror.paths.entries()) {
    const mode = tables.mirror.mode(row)
    if (tables.mirror.kind(row) !== 'dir' || (mode & 0o700) === 0o700) continue
    if (!changes.some((change) => change.path.startsWith(`${path}/`))) continue
    steps.setFolderMode(layout.inMirror(path), mode | 0o700)
    closed.push(path)
  }
  return closed
}

/** What no run put into the mirror, or not as it is, makes room, but does not go. */
function setStraysAside(context: RunContext, { tables, kept, changes }: RunPlan): void {
  for (const change of changes.toReversed()) {
    if (change.isKnown || change.mirror < 0 || tables.mirror.kind(change.mirror) === 'dir') continue
    const goes = change.source < 0 || change.copies || change.isMirrorBehind
    if (goes && !kept.has(change.path)) setAside(context, change.path)
  }
}

/** What is to be done in the mirror at a path of which no increment tells. */
function updateOf(
  { layout }: RunContext,
  { kept, tables }: RunPlan,
  { path, copies, mirror, source, isMirrorBehind }: PlannedChange,
  next: EntryTable,
  copied: CopiedFiles,
): readonly Update[] {
  if (kept.has(path)) return []
  const isNew = mirror < 0
  const after = next.find(path)
  if (after === undefined) return isNew ? [] : [{ path, after, content: undefined, isNew }]
  if (!isNew && !isMirrorBehind && !copies) return []
  // A folder that is not tracked has nothing tracked in it: it can come as a whole.
  const isWhole = isNew && after.kind === 'dir' && !tables.source.isTracked(source) && copied.folders.has(path)
  if (copies && !copied.rows.has(path)) return []
  const content = copies || isWhole ? ({ kind: 'staged', place: layout.staged(path) } as const) : undefined
  return [{ path, after, content, isNew }]
}

/** What was pending is the state of the mirror now. */
function finish(context: RunContext): void {
  const { steps, layout } = context
  // All else was flushed before it was put into the mirror.
  if (context.copiedLate) steps.flushFileSystem(layout.mirror)
  steps.rename(layout.pending, layout.state)
  steps.flushFolder(layout.own)
  steps.removeAll(layout.work)
}

function lastIncrement(names: readonly string[]): string | undefined {
  return names.toSorted((a, b) => ageOf(a) - ageOf(b) || numberOfName(a) - numberOfName(b)).at(-1)
}

function ageOf(increment: string): number {
  return timeOfName(increment)?.getTime() ?? 0
}
