import { VarveError } from '@varve/platform/errors'

/** The failure of an option or argument that makes no sense: `ERR_VARVE_BAD_ARGUMENT`. */
export function badArgument(message: string, hint?: string): VarveError {
  return new VarveError('ERR_VARVE_BAD_ARGUMENT', message, hint === undefined ? {} : { hint })
}
