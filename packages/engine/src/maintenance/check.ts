import { VarveError } from '@varve/platform/errors'
import { TreeLoader } from '../repository/tree-loader.ts'
import type { LongCall } from '@varve/platform'
import { withLock } from '../repository/lock.ts'
import type { OpenRepository } from '../repository/repository.ts'
import { findAffected } from './affected-paths.ts'
import { DataCheck } from './check-data.ts'
import { CheckFindings } from './check-findings.ts'
import { readIndexes } from './check-indexes.ts'
import { checkConfigAndKeys, readSnapshots } from './check-objects.ts'
import { checkPacks } from './check-packs.ts'
import type { CheckResult } from './check-report.ts'
import { checkTrees, type TreeSurvey } from './check-trees.ts'
import { LostContent } from './lost-content.ts'
import { PhaseProgress } from './phase-progress.ts'
import { choosePacks, type ReadDataSubset } from './read-data-subset.ts'

/** How thorough a check is. */
export interface CheckOptions extends LongCall {
  /** Reads every pack and verifies every blob. */
  readonly readData?: boolean
  /** Reads some packs and verifies every blob in them. */
  readonly readDataSubset?: ReadDataSubset
  /** Takes no lock: for a repository that cannot be written to. */
  readonly noLock?: boolean
}

/**
 * Checks a repository: that all its small objects can be read, that indexes and packs fit each other, and that everything that a snapshot
 * needs is there. Content itself is verified where the options say so. Goes on after a problem, and changes nothing.
 *
 * Takes a shared lock: snapshots may be made meanwhile, as what they need is stored before they are, and is listed here after they are.
 *
 * @throws ERR_VARVE_BAD_ARGUMENT, ERR_VARVE_LOCKED, ERR_VARVE_LOCK_LOST, ERR_VARVE_ABORTED; ERR_VARVE_STORAGE where objects cannot be listed
 */
export async function check(repository: OpenRepository, options: CheckOptions = {}): Promise<CheckResult> {
  const { readData = false, readDataSubset, noLock, retryLock, signal } = options
  if (readData && readDataSubset !== undefined) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', 'either all data is read, or a subset of it')
  }
  if (readDataSubset !== undefined) choosePacks([], readDataSubset)
  return withLock(
    repository,
    { exclusive: false, reading: true, noLock, retryLock, signal, settleMeanwhile: true },
    (signal) => checkLocked(repository, options, signal),
  )
}

async function checkLocked(
  repository: OpenRepository,
  { readData = false, readDataSubset, onProgress }: CheckOptions,
  signal: AbortSignal,
): Promise<CheckResult> {
  const out = new CheckFindings()
  const progress = new PhaseProgress(onProgress)
  await checkConfigAndKeys(repository, out)
  const snapshots = await readSnapshots(repository, out, signal)
  const { index, files } = await readIndexes(repository, out, progress, signal)
  const lost = new LostContent(index)
  const { present, blobs } = checkPacks(index, await repository.storage.list('pack'), lost, out)

  const chosen = readDataSubset === undefined ? (readData ? present : []) : choosePacks(present, readDataSubset)
  const bytesRead = chosen.reduce((sum, pack) => sum + pack.size, 0)
  const data = new DataCheck(repository, index, chosen, signal)
  const source = { storage: repository.storage, key: repository.key, index }
  let survey: TreeSurvey
  try {
    progress.errors = out.findings.length
    progress.begin('checking folders')
    const roots = snapshots.map((snapshot) => snapshot.tree)
    survey = await checkTrees(new TreeLoader(source), roots, lost, out, progress, signal)
    progress.errors = out.findings.length
    progress.begin('reading packs', { files: chosen.length, bytes: bytesRead })
    await data.finish(lost, out, progress)
  } finally {
    await data.close()
  }

  progress.errors = out.findings.length
  progress.begin('finding affected files')
  const affected = await findAffected(new TreeLoader(source), snapshots, out.findings, lost, { signal })
  progress.end()
  return {
    problems: out.problems(affected),
    hints: out.hints,
    counts: {
      snapshots: snapshots.length,
      indexes: files,
      packs: present.length,
      blobs,
      ...survey,
      packsRead: chosen.length,
      bytesRead,
    },
  }
}
