import { byteString } from '../../../src/snapshot/rules/byte-string.ts'
import { GitIgnoreFile } from '../../../src/snapshot/rules/git-ignore-file.ts'
import { parsePatterns } from '../../../src/snapshot/rules/pattern-file.ts'
import { compilePatterns } from '../../../src/snapshot/rules/pattern.ts'
import { parsed, type FuzzTarget } from '../fuzz-target.ts'

const ENVIRONMENT = { HOME: '/home/anna', EMPTY: '' }

/** An input: lines of patterns; the first line is the path that is compared with them. */
function split(input: Uint8Array): { readonly path: string; readonly lines: Buffer } {
  const bytes = Buffer.from(input)
  const end = bytes.indexOf(0x0a)
  const path = bytes
    .subarray(0, end < 0 ? bytes.length : end)
    .toString()
    .replaceAll('\0', '')
  return { path, lines: bytes.subarray(end < 0 ? bytes.length : end + 1) }
}

const SEEDS = [
  '/home/anna/a/b.txt\n*.txt\n!b.txt\n/home/**/c\n[a-z]?\\*',
  '/a/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n*a*a*a*a*a*a*c\n',
  '/x/y\n$HOME/x\n${HOME}/y\n$$z\n# no\n\n  trimmed  ',
  '/x/[z\n[[]z\n[^a-c-]\n[!a]',
]

const WORDS = [
  '*',
  '**',
  '/',
  '?',
  '[',
  ']',
  '[^',
  '[!',
  '-',
  '\\',
  '!',
  '#',
  '$HOME',
  '${',
  '}',
  '$$',
  '\n',
  '..',
  ' ',
  '[:alpha:]',
]

/** Patterns for what to leave out, restic's and those of a file of them. */
export const patternsTarget: FuzzTarget = {
  name: 'patterns',
  seeds: SEEDS.map((text) => Buffer.from(text)),
  words: WORDS,
  isJson: false,
  limitMs: 500,
  run(input) {
    const { path, lines } = split(input)
    const list = parsed('ERR_VARVE_BAD_ARGUMENT', () => parsePatterns(lines, ENVIRONMENT))
    if ('refused' in list) return list.refused
    const outcomes = [false, true].map((ignoreCase) => {
      const outcome = parsed('ERR_VARVE_BAD_ARGUMENT', () => compilePatterns(list.value, { ignoreCase }))
      if ('refused' in outcome) return outcome.refused
      const absolute = `/${path}`
      const matches = outcome.value.matches(absolute)
      outcome.value.mayMatchBelow(absolute)
      if (matches !== outcome.value.matches(absolute)) throw new Error('another answer to the same question')
      return String(matches)
    })
    return outcomes.join()
  },
}

/**
 * Runs of any folders in the patterns of one file that are tried: comparing a pattern that has k of them with a path of n folders takes up to n^k
 * steps, as the library makes regular expressions of them.
 */
const MOST_RUNS = 3

/** Folders in one another that are spared: each makes a list of patterns that is one longer. */
const MOST_SPARED = 10

/** Files of git's patterns. */
export const gitIgnoreTarget: FuzzTarget = {
  name: 'gitignore',
  seeds: [...SEEDS.map((text) => Buffer.from(text)), Buffer.from('b/a\na/\n!b\n/b/**\n\\#x\n*.[oa]')],
  words: WORDS,
  isJson: false,
  limitMs: 500,
  run(input) {
    const { path, lines } = split(input)
    const names = path.split('/').filter((name) => name !== '' && name !== '.' && name !== '..')
    if (names.length === 0) return 'no path'
    if ((lines.toString('latin1').match(/\*\*/g) ?? []).length > MOST_RUNS) return 'too many runs of folders'
    const file = GitIgnoreFile.parse(lines)
    const verdict = file.verdict(byteString(names.join('/')))
    let spared = file
    for (let depth = 1; depth <= Math.min(names.length, MOST_SPARED); depth++) {
      const folder = byteString(`${names.slice(0, depth).join('/')}/`)
      if (spared.verdict(folder) === 'ignored') spared = spared.sparing(folder)
      if (spared.verdict(folder) === 'ignored') throw new Error('what is to be spared is ignored')
    }
    return String(verdict)
  },
}
