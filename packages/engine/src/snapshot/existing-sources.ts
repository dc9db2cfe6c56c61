import { lstatSync } from 'node:fs'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { sourceFailure } from './source-failure.ts'

/**
 * The sources that exist, as given.
 *
 * @param onProblem - told of those that do not, where others do
 * @throws ERR_VARVE_SOURCE where none does
 */
export function existingSources(
  paths: readonly string[],
  onProblem: (path: string, message: string) => void,
): readonly string[] {
  const reasons = new Map<string, unknown>()
  const existing = paths.filter((path) => {
    const reason = whyMissing(path)
    if (reason === undefined) return true
    reasons.set(path, reason)
    if (paths.length > 1) onProblem(path, isAbsent(reason) ? 'it does not exist' : describeError(reason))
    return false
  })
  if (existing.length > 0) return existing
  for (const [path, reason] of reasons) if (!isAbsent(reason)) throw sourceFailure(path, reason)
  const named = paths.map((path) => `'${path}'`).join(', ')
  throw new VarveError(
    'ERR_VARVE_SOURCE',
    paths.length === 0 ? 'there is nothing to save: no source was named' : `nothing to save: ${named} does not exist`,
  )
}

/** The error of a source that does not exist, or that nobody lets us look at. */
function whyMissing(path: string): unknown {
  try {
    lstatSync(toFsPath(path))
    return undefined
  } catch (error) {
    return error
  }
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')
}
