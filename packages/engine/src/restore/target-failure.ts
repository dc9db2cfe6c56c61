import { systemErrorCode, VarveError } from '@varve/platform/errors'

const REASONS: ReadonlyMap<string, { readonly message: string; readonly hint: string }> = new Map([
  ['ENOSPC', { message: 'there is no space left', hint: 'make room and restore again: what is right already is kept' }],
  ['EDQUOT', { message: 'the quota is used up', hint: 'make room and restore again: what is right already is kept' }],
  ['EROFS', { message: 'the file system is read-only', hint: 'restore into another folder' }],
])

/**
 * Throws where a failure concerns not one entry but the whole target, so that there is no use in trying the next one.
 *
 * @param path - the entry at which it was noticed
 * @throws ERR_VARVE_TARGET
 */
export function throwIfTargetFailed(error: unknown, path: string): void {
  const reason = REASONS.get(systemErrorCode(error) ?? '')
  if (reason === undefined) return
  throw new VarveError('ERR_VARVE_TARGET', `cannot restore '${path}': ${reason.message}`, {
    hint: reason.hint,
    cause: error,
  })
}
