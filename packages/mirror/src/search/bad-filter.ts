import { VarveError } from '@varve/platform'

/** ERR_VARVE_BAD_ARGUMENT for a filter that makes no sense: one that finds nothing would look like an answer. */
export function badFilter(kind: string, text: string, hint: string): VarveError {
  return new VarveError('ERR_VARVE_BAD_ARGUMENT', `${kind} '${text}' makes no sense`, { hint })
}
