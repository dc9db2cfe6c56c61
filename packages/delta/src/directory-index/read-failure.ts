import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'

/**
 * What reading a file failed with: ERR_VARVE_NOT_FOUND or ERR_VARVE_STORAGE for errors of the system; any other error is left as it is.
 *
 * @param what - the file, as it is named in messages
 */
export function readFailure(what: string, error: unknown): unknown {
  const code = systemErrorCode(error)
  if (code === undefined) return error
  if (code === 'ENOENT')
    return new VarveError('ERR_VARVE_NOT_FOUND', `there is no such file: ${what}`, { cause: error })
  return new VarveError('ERR_VARVE_STORAGE', `cannot read ${what}: ${describeError(error)}`, { cause: error })
}
