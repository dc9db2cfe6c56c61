import { VarveError } from '@varve/platform/errors'
import { mayChangeUnseen } from '../disk/unseen-change.ts'
import type { EntryRow, EntryTable } from '../scan/entry-table.ts'
import { Selection } from '../selection/selection.ts'
import { type Change, findChanges, type Tables } from './find-changes.ts'
import { findFoldingNames } from './folding-names.ts'
import { batchesOf, readFiles } from './file-batches.ts'
import type { KeptPaths } from './kept-paths.ts'
import type { RunContext } from './run-context.ts'
import type { MirrorChange } from './run-options.ts'

/** What is done at a path. */
export interface PlannedChange extends Change {
  /** Whether the source's file is copied. */
  readonly copies: boolean
  /** The entry, where it was found to be in the mirror as it should be. */
  readonly verified: EntryRow | undefined
}

/** All that a run is to do. Nothing has been changed yet. */
export interface RunPlan {
  readonly tables: Tables
  /** Rows of the source that are left out. */
  readonly skipped: ReadonlySet<number>
  readonly kept: KeptPaths
  /** In the order of paths. */
  readonly changes: readonly PlannedChange[]
}

/**
 * Finds out what is to be done, and reads for that what sizes and times do not tell.
 *
 * @param isFolding - whether the destination takes names that differ in case for the same
 * @throws ERR_VARVE_SOURCE where the source looks as if it were not mounted; ERR_VARVE_ABORTED
 */
export async function makePlan(
  context: RunContext,
  tables: Tables,
  kept: KeptPaths,
  isFolding: boolean,
): Promise<RunPlan> {
  const { options } = context
  if (options.allowEmpty !== true) requireContent(context, tables, kept)
  const folding = isFolding ? findFoldingNames(tables.source) : { rows: new Set<number>(), problems: [] }
  for (const problem of folding.problems) context.report(problem)
  const rules = {
    owners: context.keepsOwners,
    checksum: options.checksum === true,
    skipped: folding.rows,
    isKept: (path: string) => kept.has(path),
  }
  context.begin('comparing')
  const changes = [...findChanges(tables, rules)]
  return { tables, skipped: folding.rows, kept, changes: await settleDoubts(context, tables, changes) }
}

/** What a plan does, for people and programs to read. */
export function describeChanges({ tables, changes }: RunPlan): readonly MirrorChange[] {
  return changes.flatMap((change) => describeChange(tables, change) ?? [])
}

function describeChange({ source, mirror, known }: Tables, planned: PlannedChange): MirrorChange | undefined {
  const { path } = planned
  if (path === '') return undefined
  const wasTracked = planned.known >= 0 && known.isTracked(planned.known)
  if (planned.source < 0) {
    const type = planned.mirror >= 0 ? mirror.kind(planned.mirror) : known.kind(planned.known)
    if (planned.mirror >= 0) return { path, change: 'removed', type, tracked: wasTracked, size: 0 }
    return wasTracked ? { path, change: 'tracking', type, tracked: true, size: 0 } : undefined
  }
  const tracked = source.isTracked(planned.source)
  const common = { path, type: source.kind(planned.source), tracked, size: source.size(planned.source) }
  if (planned.mirror < 0) return { ...common, change: 'new' }
  if (planned.copies || planned.isMirrorBehind) return { ...common, change: 'changed' }
  return tracked === wasTracked ? undefined : { ...common, change: 'tracking' }
}

/** A source that is not mounted is an empty folder: what it seems to say is that everything was deleted. */
function requireContent({ config }: RunContext, { source, mirror }: Tables, kept: KeptPaths): void {
  const hint = 'see that it is mounted; if it was emptied on purpose, allow that (--allow-empty)'
  if (source.length <= 1 && kept.isEmpty) {
    throw new VarveError('ERR_VARVE_SOURCE', `nothing in '${config.source}' is to be mirrored`, { hint })
  }
  for (const folder of new Selection(config.rules).expectedFolders) {
    if (source.hasBelow(folder) || kept.concerns(folder) || !mirror.hasBelow(folder)) continue
    if (source.find(folder)?.kind === 'file') continue
    const name = folder === '' ? config.source : `${config.source}/${folder}`
    throw new VarveError('ERR_VARVE_SOURCE', `'${name}' has nothing in it, but its mirror has`, { hint })
  }
}

async function settleDoubts(
  context: RunContext,
  tables: Tables,
  changes: readonly Change[],
): Promise<readonly PlannedChange[]> {
  const { config, layout } = context
  const verified = new Map<Change, EntryRow>()
  for (const doubt of ['content', 'hash'] as const) {
    const doubtful = changes.filter((change) => change.doubt === doubt)
    if (doubtful.length === 0) continue
    context.begin('reading', doubtful.length)
    const started = Date.now()
    const [root, other] = doubt === 'content' ? [config.source, layout.mirror] : [layout.mirror, undefined]
    const batches = batchesOf(doubtful, (change) => tables.source.size(change.source))
    await readFiles(context, root, other, batches, (change, outcome) => {
      if (outcome.kind === 'failed' || !outcome.equal) return
      verified.set(change, verifiedRow(tables.source, change.source, outcome.hash, started))
    })
  }
  return changes.map((change) => {
    const row = verified.get(change)
    const isFile = change.source >= 0 && tables.source.kind(change.source) === 'file'
    const copies = isFile && (change.isMirrorBehind || (change.doubt !== 'none' && row === undefined))
    return { ...change, copies, verified: row }
  })
}

function verifiedRow(source: EntryTable, at: number, hash: Uint8Array, started: number): EntryRow {
  const row = source.row(at)
  return { ...row, doubtful: mayChangeUnseen(row.mtime, started), hash: row.tracked ? hash : undefined }
}
