/**
 * What each entry costs a walk, in microseconds: `node bench/platform.ts [FOLDER]`. Without a folder, it makes one of 40,000 empty files.
 * Every step does what those before it do; the fastest of several rounds counts.
 */
import { type BigIntStats, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { currentPlatform } from '@varve/platform'
import { compileRules, type RuleOptions, type Rules } from '../packages/engine/src/snapshot/rules/rules.ts'

const ROUNDS = 7

const PATTERNS =
  '*.o *.pyc *.tmp *~ .cache node_modules __pycache__ .DS_Store Thumbs.db *.sw[op] /proc /sys /home/*/.cache /var/tmp/* build/output target/**/debug **/dist #*# core.????? !keep.o'.split(
    ' ',
  )

function makeFiles(folder: string): void {
  for (let sub = 0; sub < 400; sub++) {
    const path = join(folder, `folder-${sub}`)
    mkdirSync(path)
    for (let file = 0; file < 100; file++) writeFileSync(join(path, `some-file-${file}.txt`), '')
  }
}

/** Walks all of a folder, and does something with each entry that the rules keep. */
function walk(source: string, rules: Rules, visit: (path: string) => void): number {
  let entries = 0
  const enter = (folder: string, stats: BigIntStats): void => {
    const names = readdirSync(folder)
    entries += names.length
    for (const name of rules.enterFolder(folder, names, stats)) {
      const path = `${folder}/${name}`
      const entry = lstatSync(path, { bigint: true })
      if (rules.excludes(path, entry, false)) continue
      visit(path)
      if (entry.isDirectory()) enter(path, entry)
    }
    rules.leaveFolder(folder)
  }
  enter(source, lstatSync(source, { bigint: true }))
  return entries
}

function measure(
  source: string,
  options: RuleOptions,
  ownPaths: readonly string[],
  visit: (path: string) => void,
): number {
  let fastest = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const rules = compileRules(options, { sources: [source], ownPaths })
    const start = performance.now()
    const entries = walk(source, rules, visit)
    fastest = Math.min(fastest, ((performance.now() - start) * 1000) / entries)
  }
  return fastest
}

const made = process.argv[2] === undefined ? mkdtempSync(join(tmpdir(), 'varve-bench-')) : undefined
const source = process.argv[2] ?? made ?? ''
try {
  if (made !== undefined) makeFiles(made)
  const attributes = currentPlatform().extendedAttributes
  const listAttributes = (path: string): unknown => attributes?.read(path)
  const ownPaths = [join(tmpdir(), 'backups.db')]
  const steps: readonly (readonly [string, RuleOptions, readonly string[], (path: string) => void])[] = [
    ['readdir, lstat', {}, [], () => undefined],
    [attributes === undefined ? '(no extended attributes here)' : 'and extended attributes', {}, [], listAttributes],
    ["and the repository's own files", {}, ownPaths, listAttributes],
    ['and 20 patterns', { exclude: PATTERNS }, ownPaths, listAttributes],
    ['and 20 patterns of any case', { exclude: PATTERNS, iexclude: PATTERNS }, ownPaths, listAttributes],
    [
      "and tags, size, file system, git's files",
      {
        exclude: PATTERNS,
        iexclude: PATTERNS,
        excludeCaches: true,
        excludeLargerThan: 1e9,
        oneFileSystem: true,
        gitignore: true,
      },
      ownPaths,
      listAttributes,
    ],
  ]
  for (const [name, options, own, visit] of steps) {
    process.stdout.write(`${measure(source, options, own, visit).toFixed(2).padStart(6)} µs  ${name}\n`)
  }
} finally {
  if (made !== undefined) rmSync(made, { recursive: true })
}
