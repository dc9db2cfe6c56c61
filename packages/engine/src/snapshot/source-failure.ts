import { getSystemErrorMessage } from 'node:util'
import { describeError, systemErrorCode, VarveError } from '../errors.ts'

/** What went wrong with an entry, in words that fit behind its path: a system's error names the path and the call, which nobody needs twice. */
export function describeFailure(error: unknown): string {
  const code = systemErrorCode(error)
  if (code === undefined || !(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') {
    return describeError(error)
  }
  return `${getSystemErrorMessage(error.errno) ?? 'unknown error'} (${code})`
}

/** ERR_VARVE_SOURCE for a source that cannot even be looked at. */
export function sourceFailure(path: string, cause: unknown): VarveError {
  return new VarveError('ERR_VARVE_SOURCE', `'${path}' cannot be saved: ${describeFailure(cause)}`, { cause })
}
