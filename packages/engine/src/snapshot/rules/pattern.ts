import { posix } from 'node:path'
import { VarveError } from '@varve/platform/errors'
import { byteString } from './byte-string.ts'
import { compileGlob, type Glob } from './glob.ts'
import { lowerCase } from './lower-case.ts'
import { type CompiledPattern, PatternState, type PatternStep, type PrepareName } from './pattern-state.ts'

/** How patterns are compared with paths. */
export interface PatternOptions {
  readonly ignoreCase?: boolean
}

/**
 * A list of patterns with restic's meaning (https://restic.readthedocs.io/en/stable/040_backup.html#excluding-files). Paths are absolute,
 * with `/` between their components.
 *
 * A pattern that starts with `/` matches from the root on, any other wherever its components follow each other in a path; both also match
 * everything below what they match. `**` stands for any number of components, none included. A pattern after `!` takes back what those
 * before it in the list matched: the last one that matches decides.
 */
export interface Patterns {
  /** Whether the list matches this path. Fastest for successive paths of one folder. */
  matches(path: string): boolean
  /** Whether the list may match something below this folder. */
  mayMatchBelow(folder: string): boolean
  /** What the list says of the entries of a folder, for those who walk from folder to folder. */
  below(folder: string): PatternState
}

/**
 * Compiles patterns. Empty ones are passed over.
 * @throws ERR_VARVE_BAD_ARGUMENT naming the first that is malformed
 */
export function compilePatterns(patterns: readonly string[], options: PatternOptions = {}): Patterns {
  const prepare: PrepareName = options.ignoreCase === true ? (name) => byteString(lowerCase(name)) : byteString
  const compiled = patterns.filter((pattern) => pattern !== '').map((pattern) => compilePattern(pattern, prepare))
  const root = PatternState.start(compiled, prepare, true)
  const nowhere = PatternState.start(compiled, prepare, false)
  let lastFolder = ''
  let lastState = nowhere

  const below = (folder: string): PatternState => {
    if (folder !== lastFolder) {
      const components = folder.split('/').filter((component) => component !== '')
      lastState = components.reduce(
        (state, component) => state.enter(component),
        folder.startsWith('/') ? root : nowhere,
      )
      lastFolder = folder
    }
    return lastState
  }
  return {
    below,
    matches: (path) => {
      const end = path.lastIndexOf('/')
      return below(path.slice(0, end + 1)).matches(path.slice(end + 1))
    },
    mayMatchBelow: (folder) => below(folder).mayMatchBelow,
  }
}

function compilePattern(pattern: string, prepare: PrepareName): CompiledPattern {
  const negated = pattern.startsWith('!')
  const path = posix.normalize(negated ? pattern.slice(1) : pattern)
  const rooted = path.startsWith('/')
  const steps: PatternStep[] = []
  for (const component of path.split('/')) {
    if (component === '') continue
    if (component !== '**') steps.push(compileComponent(pattern, component, prepare))
    // What matches anywhere needs no run before it.
    else if (steps.at(-1) !== 'any-run' && (rooted || steps.length > 0)) steps.push('any-run')
  }
  if (steps.length > 0) return { negated, rooted, steps }
  // Only the root, or runs of anything: every path is below or in there.
  return { negated, rooted, steps: [rooted ? 'any-run' : compileComponent(pattern, '*', prepare)] }
}

function compileComponent(pattern: string, component: string, prepare: PrepareName): Glob {
  // Checked as it was written: in lower case it could be another error, or none.
  const glob = compileGlob(byteString(component)) && compileGlob(prepare(component))
  if (glob !== undefined) return glob
  throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `the pattern '${pattern}' is malformed`, {
    hint: 'A [ starts a set of characters that a ] must end; a \\ must stand before the character that it is for.',
  })
}
