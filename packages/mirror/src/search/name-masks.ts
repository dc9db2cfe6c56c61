import { compileWildcard } from '../selection/wildcard.ts'
import { badFilter } from './bad-filter.ts'

/**
 * What paths some masks mean. A mask with `*`, `?` or `[` has to match the whole path or its last name; any other one has to be in the path. Case matters.
 *
 * @param masks - as {@link compileWildcard} takes them; a path needs to match one of them, and any path does where there are none
 * @throws ERR_VARVE_BAD_ARGUMENT for an empty mask
 */
export function compileMasks(masks: readonly string[]): (path: string) => boolean {
  const compiled = masks.map((mask) => {
    if (mask === '') throw badFilter('the mask', mask, 'write it like *.py, [abc]* or a part of the path')
    const wildcard = compileWildcard(/[*?[]/.test(mask) ? mask : `*${mask}*`)
    return wildcard.matches
  })
  if (compiled.length === 0) return () => true
  return (path) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    return compiled.some((matches) => matches(path) || matches(name))
  }
}
