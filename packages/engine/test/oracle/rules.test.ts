import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isVarveError } from '@varve/platform/errors'
import { compilePatterns } from '../../src/snapshot/rules/pattern.ts'
import { readPatternFile } from '../../src/snapshot/rules/pattern-file.ts'
import { compileRules, type RuleOptions } from '../../src/snapshot/rules/rules.ts'
import { keptBelow } from '../snapshot/rules/kept-below.ts'
import { noRestic, RESTIC } from './restic.ts'

const ENVIRONMENT = { ...process.env, RESTIC_PASSWORD: 'x', NAME: 'ab', EMPTY: '' }
const run = promisify(execFile)

const NAMES = ['a', 'b', 'ab', 'abc', 'a.o', 'B.O', 'é', '漢', 'A', 'a b', '[a]', '.x', 'skip']

/** Folders four deep with files of 0 to 40 bytes in them, and tags here and there. */
function makeTree(folder: string, depth: number, seed: number): void {
  mkdirSync(folder)
  for (const [index, name] of NAMES.entries()) {
    const kind = (seed * 31 + index * 17 + depth * 7) % 5
    if (kind === 0) continue
    if (kind < 3 && depth > 0 && name !== 'skip') makeTree(join(folder, name), depth - 1, seed + index * 3 + 1)
    else if (name !== 'skip' || kind === 4) writeFileSync(join(folder, name), 'x'.repeat((seed + index * 5) % 41))
  }
  if (seed % 4 === 0)
    writeFileSync(
      join(folder, 'CACHEDIR.TAG'),
      'Signature: 8a477f597d28d172789f06886806bc55\n'.slice(seed % 8 === 0 ? 0 : 1),
    )
}

const component = fc.oneof(
  fc.constantFrom(...NAMES.map((name) => name.replace('[', '\\['))),
  fc.constantFrom(
    '*',
    '?',
    '??',
    'a*',
    '*b',
    '*.o',
    '*.O',
    '[ab]',
    '[^a]*',
    '[A-C]',
    '?b*',
    '*a*b*',
    '*[^a-z]',
    '*??',
    '.*',
  ),
)
/** With a run of components at most: of several, restic passes over some ways in which they can stand for nothing. */
const relativePattern = fc
  .tuple(
    fc.array(component, { minLength: 1, maxLength: 3 }),
    fc.option(fc.nat({ max: 3 }), { nil: undefined, freq: 3 }),
  )
  .map(([parts, run]) => (run === undefined ? parts : parts.toSpliced(run, 0, '**')).join('/'))

function optionsFor(source: string): fc.Arbitrary<RuleOptions & { readonly excludeFile?: string }> {
  const pattern = fc
    .tuple(
      fc.constantFrom('', '', '', '!'),
      fc.constantFrom('', '', `${source}/`, `${source}/*/`, './'),
      relativePattern,
      fc.constantFrom('', '', '/', '/*'),
    )
    .map((parts) => parts.join(''))
  const patterns = fc.array(pattern, { maxLength: 6 })
  return fc.record(
    {
      exclude: patterns,
      iexclude: patterns,
      excludeFile: fc
        .array(
          fc.oneof(pattern, fc.constantFrom('# *', '', '  b  ', '$NAME', '${NAME}c', 'x$EMPTY', '$$', '${MISSING}a.o')),
          { maxLength: 5 },
        )
        .map((lines) => lines.join('\n')),
      excludeIfPresent: fc.constantFrom(['skip'], ['skip:xxxx'], ['skip', 'a.o'], ['a.o:x']),
      excludeCaches: fc.boolean(),
      excludeLargerThan: fc.nat({ max: 40 }),
    },
    { requiredKeys: [] },
  )
}

describe.skipIf(noRestic)('restic', () => {
  let base = ''
  let source = ''
  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), 'varve-oracle-'))
    source = join(base, 'source')
    makeTree(source, 3, 1)
    writeFileSync(join(base, 'file'), '')
    execFileSync(RESTIC, ['-r', join(base, 'repository'), 'init', '-q'], { env: ENVIRONMENT })
  })
  afterAll(() => {
    rmSync(base, { recursive: true })
  })

  /** What restic would save below the source. */
  async function savedByRestic(options: readonly string[]): Promise<readonly string[]> {
    const commandLine = [
      '-r',
      join(base, 'repository'),
      '--no-cache',
      '--no-lock',
      'backup',
      '--dry-run',
      '-vv',
      '--json',
      ...options,
      source,
    ]
    const { stdout } = await run(RESTIC, commandLine, { env: ENVIRONMENT, maxBuffer: 1 << 28 })
    const items: string[] = []
    for (const line of stdout.split('\n')) {
      const found = /"action":"new","item":("(?:[^"\\]|\\.)*")/.exec(line)?.[1]
      if (found !== undefined) items.push(String(JSON.parse(found)).replace(/\/$/, ''))
    }
    return items.filter((item) => item.startsWith(`${source}/`)).toSorted()
  }

  test('leaves out what these rules leave out', async () => {
    let number = 0
    const arbitrary = fc.array(
      fc.constant(undefined).chain(() => optionsFor(source)),
      { minLength: 4, maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(arbitrary, async (batch) => {
        const checks = batch.map(async ({ excludeFile, ...options }) => {
          const commandLine = [
            ...(options.exclude ?? []).map((pattern) => `--exclude=${pattern}`),
            ...(options.iexclude ?? []).map((pattern) => `--iexclude=${pattern}`),
            ...(options.excludeIfPresent ?? []).map((tag) => `--exclude-if-present=${tag}`),
            ...(options.excludeCaches === true ? ['--exclude-caches'] : []),
            ...(options.excludeLargerThan === undefined ? [] : [`--exclude-larger-than=${options.excludeLargerThan}`]),
          ]
          let exclude = options.exclude ?? []
          if (excludeFile !== undefined) {
            const path = join(base, `patterns-${number++}`)
            writeFileSync(path, excludeFile)
            commandLine.push(`--exclude-file=${path}`)
            exclude = [...exclude, ...readPatternFile(path, ENVIRONMENT)]
          }
          const rules = compileRules({ ...options, exclude }, { sources: [source], ownPaths: [] })
          // Here a source that was named is saved whatever the patterns say of it; older versions of restic apply them to it too.
          if (rules.excludesPath(source)) return
          const kept = keptBelow(source, rules).toSorted()
          expect(kept).toEqual(await savedByRestic(commandLine))
        })
        await Promise.all(checks)
      }),
      { numRuns: 12, endOnFailure: true },
    )
  })

  test('refuses the patterns that are refused here', async () => {
    const patterns = [
      '[',
      'a/[b',
      '[]',
      '[^]',
      '[a-]',
      '[-a]',
      'a\\',
      '[a\\',
      '[!a]',
      'a]',
      '[c-a]',
      '**/[',
      '!*[._]log[.-][0-9]',
      '[/]',
      '\\[',
      '[]a]',
    ]
    const refusals = await Promise.all(
      patterns.map(async (pattern) => {
        const repository = ['-r', join(base, 'repository'), '--no-cache', '--no-lock']
        const commandLine = [...repository, 'backup', '--dry-run', `--exclude=${pattern}`, join(base, 'file')]
        const { stderr } = await run(RESTIC, commandLine, { env: ENVIRONMENT }).catch(
          (error: { stderr: string }) => error,
        )
        return stderr.includes('invalid pattern')
      }),
    )
    const refusedHere = patterns.map((pattern) => {
      try {
        compilePatterns([pattern])
        return false
      } catch (error) {
        return isVarveError(error, 'ERR_VARVE_BAD_ARGUMENT')
      }
    })
    expect(refusals).toEqual(refusedHere)
  })
})
