import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileRules } from '../../src/snapshot/rules/rules.ts'
import { keptBelow } from '../snapshot/rules/kept-below.ts'

const ENVIRONMENT = { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', HOME: '/nowhere', LC_ALL: 'C' }

function gitIsMissing(): boolean {
  const isMissing = spawnSync('git', ['--version']).status !== 0
  if (isMissing) process.stderr.write('skipped: git does not run\n')
  return isMissing
}

/** The files that git does not ignore, as it lists them where none is tracked. */
function notIgnored(folder: string): readonly string[] {
  const commandLine = ['-C', folder, 'ls-files', '-z', '--others', '--exclude-standard']
  const output = execFileSync('git', commandLine, { env: ENVIRONMENT, encoding: 'utf8' })
  // A repository inside is listed as one entry.
  return output
    .split('\0')
    .filter((path) => path !== '' && !path.endsWith('/'))
    .toSorted()
}

const NAMES = ['a', 'b', 'ab', 'abc', 'a.o', 'é', 'A', '#a', '!b', 'a b', ' ', '[a]', 'a\\b']

const component = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NAMES.map((name) => name.replace(/[\\[]/g, '\\$&'))) },
  // Without a run of stars after a letter: git, which compares what comes before the first wildcard by itself, lets `a**/b` match `a/x/b`.
  fc.constantFrom(
    '*',
    '?',
    '??',
    'a*',
    '*b',
    '*.o',
    '**',
    '[ab]',
    '[!a]',
    '[^a]*',
    '[a-c]*',
    '[[:alpha:]]',
    'a\\*',
    '\\a',
    '[',
    'a]',
    '***',
    '*a*b*',
  ),
)
const pattern = fc
  .tuple(
    fc.constantFrom('', '', '', '!', '#', '\\'),
    fc.boolean(),
    fc.array(component, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '', '/', ' ', '\\ ', '\r'),
  )
  .map(([start, rooted, parts, end]) => `${start}${rooted ? '/' : ''}${parts.join('/')}${end}`)
const patterns = fc.array(pattern, { minLength: 1, maxLength: 5 }).map((lines) => `${lines.join('\n')}\n`)
const path = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 })

test.skipIf(gitIsMissing())('what git ignores is left out, and nothing else', () => {
  const base = mkdtempSync(join(tmpdir(), 'varve-oracle-'))
  let round = 0
  try {
    fc.assert(
      fc.property(
        fc.array(path, { minLength: 5, maxLength: 20 }),
        fc.array(fc.tuple(fc.array(fc.constantFrom(...NAMES), { maxLength: 3 }), patterns), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.option(patterns, { nil: '' }),
        (files, ignoreFiles, excludes) => {
          const folder = join(base, String(round++))
          execFileSync('git', ['init', '-q', '--template=', folder], { env: ENVIRONMENT })
          const write = (name: string, content: string): void => {
            // A file and a folder may want the same name: the first has it.
            try {
              mkdirSync(dirname(join(folder, name)), { recursive: true })
              writeFileSync(join(folder, name), content, { flag: 'wx' })
            } catch (error) {
              if (!(error instanceof Error) || !/EEXIST|ENOTDIR|EISDIR/.test(error.message)) throw error
            }
          }
          for (const parts of files) write(parts.join('/'), '')
          for (const [parts, content] of ignoreFiles) write([...parts, '.gitignore'].join('/'), content)
          write('.git/info/exclude', excludes)
          const rules = compileRules({ gitignore: true }, { sources: [folder], ownPaths: [] })
          const kept = keptBelow(folder, rules).map((found) => relative(folder, found))
          const untracked = notIgnored(folder)
          const isFile = new Set(
            execFileSync('find', [folder, '-type', 'f', '-print0'], { encoding: 'utf8' })
              .split('\0')
              .map((found) => relative(folder, found)),
          )
          expect(kept.filter((found) => isFile.has(found) && !found.startsWith('.git/')).toSorted()).toEqual(untracked)
        },
      ),
      { numRuns: 150 },
    )
  } finally {
    rmSync(base, { recursive: true })
  }
})
