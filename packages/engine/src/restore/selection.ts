import { compilePatterns } from '../snapshot/rules/pattern.ts'
import type { RestoreOptions } from './restore-options.ts'

/** Which entries of a snapshot are to be restored, by their paths in it. */
export interface Selection {
  /** Whether every entry is, so that nobody need ask. */
  readonly everything: boolean
  /** Whether an entry is to be restored. The kind of entry makes no difference. */
  selects(path: string): boolean
  /** Whether anything in a folder may have to be. */
  reachesInto(path: string): boolean
}

/** The selection that `include`, `iinclude`, `exclude` and `iexclude` make, with restic's meaning. */
export function compileSelection(
  options: Pick<RestoreOptions, 'include' | 'iinclude' | 'exclude' | 'iexclude'>,
): Selection {
  const { include = [], iinclude = [], exclude = [], iexclude = [] } = options
  if (include.length + iinclude.length > 0) {
    const sets = [compilePatterns(include, { ignoreCase: false }), compilePatterns(iinclude, { ignoreCase: true })]
    return {
      everything: false,
      selects: (path) => sets.some((set) => set.matches(path)),
      reachesInto: (path) => sets.some((set) => set.mayMatchBelow(path)),
    }
  }
  if (exclude.length + iexclude.length > 0) {
    const sets = [compilePatterns(exclude, { ignoreCase: false }), compilePatterns(iexclude, { ignoreCase: true })]
    const selects = (path: string) => !sets.some((set) => set.matches(path))
    return { everything: false, selects, reachesInto: selects }
  }
  return { everything: true, selects: () => true, reachesInto: () => true }
}
