import { describeError, VarveError } from '@varve/platform/errors'

/** ERR_VARVE_SOURCE for a source that cannot even be looked at. */
export function sourceFailure(path: string, cause: unknown): VarveError {
  return new VarveError('ERR_VARVE_SOURCE', `'${path}' cannot be saved: ${describeError(cause)}`, { cause })
}
