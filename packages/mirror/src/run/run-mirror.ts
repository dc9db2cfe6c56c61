import { throwIfAborted } from '@varve/platform/errors'
import type { MirrorConfig } from '../config/mirror-config.ts'
import { FileSteps } from '../disk/file-steps.ts'
import { EMPTY_TABLE, EntryTable } from '../scan/entry-table.ts'
import type { Scan } from '../scan/scan-folder.ts'
import { Selection } from '../selection/selection.ts'
import type { SelectionRules } from '../selection/selection-rules.ts'
import { MirrorLayout } from '../state/mirror-layout.ts'
import { type MirrorState, readState } from '../state/state-file.ts'
import type { Tables } from './find-changes.ts'
import { carryOut } from './carry-out.ts'
import { foldsNames, prepareDestination, requireSource, storageFailure } from './places.ts'
import { JobHandler } from './jobs.ts'
import { KeptPaths } from './kept-paths.ts'
import { learnMirror, withoutSharedFiles } from './known-mirror.ts'
import { lockMirror } from './lock.ts'
import { describeChanges, makePlan } from './plan.ts'
import { recoverRun } from './recover.ts'
import { RunContext } from './run-context.ts'
import type { RunOptions, RunResult } from './run-options.ts'
import { OwnThread, Threads } from './workers.ts'

/** What tests put in a run's place. */
export interface RunParts {
  readonly steps?: FileSteps
  /** Whether the destination takes names that differ in case for the same; found out if left out. */
  readonly isFolding?: boolean
}

/**
 * Brings a mirror up to date with its source, and keeps what changed of what is tracked in an increment.
 *
 * A run does not change what an earlier increment holds, and can be interrupted anywhere: the next one brings it to its end, or takes it back where no increment had been published.
 *
 * @param config - what is mirrored, from where, to where
 * @returns what was done. `problems` has what could not be: the mirror keeps what it had of those
 * @throws ERR_VARVE_SOURCE where the source is missing or cannot be read, or looks as if it were not mounted; ERR_VARVE_STORAGE where the destination fails;
 *   ERR_VARVE_LOCKED; ERR_VARVE_TARGET where it cannot be locked, or something else lies in the mirror's place; ERR_VARVE_DAMAGED where an interrupted run's increment is damaged;
 *   ERR_VARVE_UNSAFE_PATH where somebody changes the mirror meanwhile; ERR_VARVE_ABORTED
 */
export function runMirror(config: MirrorConfig, options: RunOptions = {}): Promise<RunResult> {
  return runInParts(config, options, {})
}

/** As {@link runMirror}, with parts that tests put in the place of others. */
export async function runInParts(config: MirrorConfig, options: RunOptions, parts: RunParts): Promise<RunResult> {
  const steps = parts.steps ?? new FileSteps()
  const layout = new MirrorLayout(config.destination)
  requireSource(config.source)
  const workers =
    parts.steps === undefined
      ? new Threads(options.maxWorkers ?? config.maxWorkers, (count) => context.count(count))
      : new OwnThread(new JobHandler(steps))
  const context = new RunContext({ config, options, layout, steps, workers })
  const giveUp = (): void => void workers.close()
  options.signal?.addEventListener('abort', giveUp, { once: true })
  try {
    return await runLocked(context, parts)
  } catch (error) {
    // What is given up fails in ways of its own.
    throwIfAborted(options.signal)
    throw storageFailure(`cannot update '${config.destination}'`, error)
  } finally {
    options.signal?.removeEventListener('abort', giveUp)
    await workers.close()
  }
}

async function runLocked(context: RunContext, parts: RunParts): Promise<RunResult> {
  const { layout, options, steps } = context
  if (options.dryRun !== true) prepareDestination(layout)
  else if (steps.stat(layout.own) === undefined) return await run(context, parts)
  const lock = await lockMirror(layout, options)
  try {
    return await run(context, parts)
  } finally {
    lock.release()
  }
}

async function run(context: RunContext, parts: RunParts): Promise<RunResult> {
  const { options, layout, steps } = context
  const isDry = options.dryRun === true
  const recovered = isDry ? undefined : await recoverRun(context)
  if (isDry && steps.stat(layout.pending) !== undefined) {
    context.notice(
      'an interrupted run is to be brought to its end first: what else is to be done can only be told then',
    )
  }
  const { tables, kept, state } = await lookAround(context)
  const isFolding = parts.isFolding ?? (isDry ? false : foldsNames(layout, steps))
  const plan = await makePlan(context, tables, kept, isFolding)
  const changes = describeChanges(plan)
  const increment = isDry || plan.changes.length === 0 ? undefined : await carryOut(context, plan, state)
  return {
    increment,
    recovered,
    changes,
    entries: tables.source.length - 1 - plan.skipped.size,
    bytesCopied: context.bytesCopied,
    problems: context.problems,
  }
}

interface Surroundings {
  readonly tables: Tables
  readonly kept: KeptPaths
  readonly state: MirrorState | undefined
}

/** Looks at source and mirror, at the same time, and at what is known of the mirror. */
async function lookAround(context: RunContext): Promise<Surroundings> {
  const { config, layout, steps } = context
  context.begin('scanning')
  const hasMirror = steps.stat(layout.mirror)?.isDirectory() === true
  const state = readState(layout.state)
  const expected = state?.table.length
  const [found, mirrored] = await Promise.all([
    scan(context, config.source, config.rules, expected),
    hasMirror ? scan(context, layout.mirror, undefined, expected) : undefined,
  ])
  const source = new EntryTable(found.columns)
  const present = mirrored === undefined ? EMPTY_TABLE : new EntryTable(mirrored.columns)
  const mirror = state === undefined ? withoutSharedFiles(context, present) : present
  for (const problem of found.unreadable) context.report(problem)
  const [special] = found.special
  if (special !== undefined) {
    context.notice(`devices, pipes and sockets are left out: ${found.special.length}, such as '${special}'`)
  }
  const kept = new KeptPaths(found.unreadable.map(({ path }) => path))
  const known = state?.table ?? (await learnMirror(context, mirror, new Selection(config.rules)))
  return { tables: { source, mirror, known }, kept, state }
}

async function scan(
  { workers }: RunContext,
  root: string,
  rules: SelectionRules | undefined,
  expected: number | undefined,
): Promise<Scan> {
  const result = await workers.run({ kind: 'scan', root, rules, expected })
  if (result.kind !== 'scan') throw new Error('a job was answered with another one')
  return result.scan
}
