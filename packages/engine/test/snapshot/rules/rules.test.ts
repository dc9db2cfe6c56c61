import { type BigIntStats, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Problem } from '@varve/platform'
import { OneFileSystem } from '../../../src/snapshot/rules/one-file-system.ts'
import { compileRules, type RuleOptions } from '../../../src/snapshot/rules/rules.ts'
import { scratchFolder } from '../../../../../test/scratch-folder.ts'
import { keptBelow } from './kept-below.ts'

/** A folder with files of these contents, folders where a name ends in `/`. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = scratchFolder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(name.endsWith('/') ? join(folder, name) : dirname(join(folder, name)), { recursive: true })
    if (!name.endsWith('/')) writeFileSync(join(folder, name), content)
  }
  return folder
}

function stats(path: string): BigIntStats {
  return lstatSync(path, { bigint: true })
}

function kept(folder: string, options: RuleOptions, ownPaths: readonly string[] = []): readonly string[] {
  const rules = compileRules(options, { sources: [folder], ownPaths })
  return keptBelow(folder, rules).map((path) => relative(folder, path))
}

const FILES = { 'a.c': '12345', 'a.o': '', 'x/b.c': '', 'x/B.O': '', 'x/y/c.o': '', 'old/d': '' }

describe('what is left out', () => {
  test('nothing without rules', () => {
    expect(kept(folderWith(FILES), {})).toEqual(['a.c', 'a.o', 'old', 'old/d', 'x', 'x/B.O', 'x/b.c', 'x/y', 'x/y/c.o'])
  })

  test('what patterns match', () => {
    const folder = folderWith(FILES)
    expect(kept(folder, { exclude: ['*.o', 'old'] })).toEqual(['a.c', 'x', 'x/B.O', 'x/b.c', 'x/y'])
    expect(kept(folder, { iexclude: ['*.o'], exclude: [`${folder}/old/*`] })).toEqual([
      'a.c',
      'old',
      'x',
      'x/b.c',
      'x/y',
    ])
    expect(kept(folder, { exclude: ['*.o', '!c.o'] })).toContain('x/y/c.o')
  })

  test('the other entries of a folder with a tag', () => {
    const folder = folderWith({
      'a/skip': '',
      'a/b': '',
      'a/c/d': '',
      'e/skip': '',
      'e/also': '',
      'e/f': '',
      'cache/CACHEDIR.TAG': 'Signature: 8a477f597d28d172789f06886806bc55\n# made by a test',
      'cache/g': '',
      'fake/CACHEDIR.TAG': 'Signature: none',
      'fake/h': '',
    })
    const all = [
      'a',
      'a/skip',
      'cache',
      'cache/CACHEDIR.TAG',
      'cache/g',
      'e',
      'e/also',
      'e/f',
      'e/skip',
      'fake',
      'fake/CACHEDIR.TAG',
      'fake/h',
    ]
    const left = (options: RuleOptions): readonly string[] => kept(folder, { excludeIfPresent: ['skip'], ...options })
    expect(left({})).toEqual(all.filter((path) => !['e/also', 'e/f'].includes(path)))
    expect(left({ excludeCaches: true })).toEqual(all.filter((path) => !['e/also', 'e/f', 'cache/g'].includes(path)))
    // Each tag leaves out the other.
    expect(left({ excludeIfPresent: ['skip', 'also'] })).toEqual(all.filter((path) => !/^e\/|^a\/[bc]/.test(path)))
  })

  test('files above a size, whatever the size of folders', () => {
    const folder = folderWith(FILES)
    expect(kept(folder, { excludeLargerThan: 5 })).toContain('a.c')
    expect(kept(folder, { excludeLargerThan: 4 })).toEqual([
      'a.o',
      'old',
      'old/d',
      'x',
      'x/B.O',
      'x/b.c',
      'x/y',
      'x/y/c.o',
    ])
  })

  test("what git's files say", () => {
    const folder = folderWith({ ...FILES, '.gitignore': '*.o\n/old/', 'x/.gitignore': '!c.o' })
    expect(kept(folder, { gitignore: true })).toEqual([
      '.gitignore',
      'a.c',
      'x',
      'x/.gitignore',
      'x/B.O',
      'x/b.c',
      'x/y',
      'x/y/c.o',
    ])
  })

  test('the repository, however the walk gets to it', () => {
    const folder = folderWith({
      ...FILES,
      'repo/config': '',
      'db/backups.db': '',
      'db/backups.db-wal': '',
      'db/other': '',
    })
    symlinkSync(folder, `${folder}/x/loop`)
    const own = ['repo', 'db/backups.db', 'db/backups.db-wal'].map((name) => join(folder, 'x/loop', name))
    expect(kept(folder, {}, own)).toEqual([
      'a.c',
      'a.o',
      'db',
      'db/other',
      'old',
      'old/d',
      'x',
      'x/B.O',
      'x/b.c',
      'x/loop',
      'x/y',
      'x/y/c.o',
    ])
    expect(
      keptBelow(`${folder}/x/loop/x`, compileRules({}, { sources: [`${folder}/x/loop/x`], ownPaths: own })),
    ).toHaveLength(5)
  })
})

describe('a source', () => {
  test('that was named is saved, whatever the rules say of it', () => {
    const folder = folderWith({ 'old/.gitignore': '', 'old/skip': '', 'old/a': '1234', '.gitignore': 'old' })
    const options = { exclude: ['old', 'a'], excludeIfPresent: ['skip'], excludeLargerThan: 1, gitignore: true }
    const source = join(folder, 'old/a')
    const rules = compileRules(options, { sources: [source], ownPaths: ['/nowhere'] })
    expect(rules.excludes(source, stats(source), true)).toBe(false)
  })

  test('that is part of the repository is not saved, even if it was named', () => {
    const folder = folderWith({ 'repo/data/pack': '' })
    symlinkSync('repo', join(folder, 'link'))
    const rules = compileRules({}, { sources: [], ownPaths: [join(folder, 'repo')] })
    for (const path of ['repo', 'repo/data', 'link/data/pack']) {
      expect(rules.excludes(join(folder, path), stats(join(folder, path)), true)).toBe(true)
    }
    expect(rules.excludes(folder, stats(folder), true)).toBe(false)
  })

  test('that stands for its entries has the rules applied to them', () => {
    const folder = folderWith({ ...FILES, skip: '', '.gitignore': 'x' })
    const ask = (options: RuleOptions, name: string): boolean => {
      const rules = compileRules(options, { sources: [folder], ownPaths: [] })
      const path = join(folder, name)
      return rules.excludesPath(path) || rules.excludes(path, stats(path), false)
    }
    expect(['a.o', 'a.c'].map((name) => ask({ exclude: ['*.o'] }, name))).toEqual([true, false])
    expect(['a.o', 'skip'].map((name) => ask({ excludeIfPresent: ['skip'] }, name))).toEqual([true, false])
    expect(['x', 'old'].map((name) => ask({ gitignore: true }, name))).toEqual([true, false])
    expect(['a.c', 'a.o'].map((name) => ask({ excludeLargerThan: 4 }, name))).toEqual([true, false])
    expect(ask({ oneFileSystem: true }, 'x')).toBe(false)
  })

  test('below a pattern has everything left out, as the pattern says', () => {
    const folder = folderWith({ 'old/a': '' })
    const rules = compileRules({ exclude: [join(folder, 'old')] }, { sources: [join(folder, 'old')], ownPaths: [] })
    expect(keptBelow(join(folder, 'old'), rules)).toEqual([])
  })

  test('may be relative', () => {
    const folder = folderWith(FILES)
    const path = relative(process.cwd(), folder)
    const rules = compileRules({ exclude: [`${folder}/x/y`, '*.c'] }, { sources: [path], ownPaths: [] })
    expect(keptBelow(path, rules).map((found) => relative(path, found))).toEqual(['a.o', 'old', 'old/d', 'x', 'x/B.O'])
  })
})

/** Whether a walk on one file system leaves out the path, where `/` and another source are saved. */
function leavesOut(source: string, path: string): boolean {
  const rules = compileRules({ oneFileSystem: true }, { sources: ['/', source], ownPaths: [] })
  return rules.excludes(path, stats(path), false)
}

describe('one file system', () => {
  const base = lstatSync('/', { bigint: true })
  const on = (device: bigint, isFolder = true): BigIntStats =>
    Object.assign(Object.create(base), { dev: device, isDirectory: () => isFolder })
  const here = base.dev
  const start = OneFileSystem.startAt('/', base)
  if (start === undefined) throw new Error('the root folder is not there')

  test('keeps what is on it', () => {
    expect([start.excludes(on(here)), start.excludes(on(here, false))]).toEqual([false, false])
  })

  test('keeps the folder that another is mounted on, and nothing in it', () => {
    expect([start.excludes(on(7n)), start.excludes(on(7n, false))]).toEqual([false, true])
    const mounted = start.enter(on(7n))
    expect([mounted.excludes(on(7n)), mounted.excludes(on(7n, false)), mounted.excludes(on(8n))]).toEqual([
      true,
      true,
      true,
    ])
  })

  test('keeps what of it shows up again below another', () => {
    expect(start.enter(on(7n)).excludes(on(here))).toBe(false)
    expect(start.enter(on(7n)).enter(on(here)).excludes(on(7n))).toBe(false)
  })

  test('is that of the source', ({ skip }) => {
    if (process.platform !== 'linux' || lstatSync('/proc').dev === lstatSync('/').dev) {
      skip()
      return
    }
    expect(leavesOut('/', '/proc/self')).toBe(true)
    expect(leavesOut('/', '/proc')).toBe(false)
    expect(leavesOut('/proc', '/proc/version')).toBe(false)
  })
})

describe('warnings', () => {
  test('tell of tags that are none', () => {
    const folder = folderWith({ 'a/CACHEDIR.TAG': 'something else' })
    const warnings: Problem[] = []
    const rules = compileRules(
      { excludeCaches: true },
      { sources: [folder], ownPaths: [], onWarning: (warning) => warnings.push(warning) },
    )
    keptBelow(folder, rules)
    expect(warnings.map(({ path }) => path)).toEqual([join(folder, 'a/CACHEDIR.TAG')])
  })
})

test('rules that make no sense are refused when they are compiled', () => {
  for (const options of [
    { exclude: ['['] },
    { iexclude: ['a/['] },
    { excludeIfPresent: [':x'] },
    { excludeLargerThan: -1 },
    { excludeLargerThan: Number.NaN },
    { excludeLargerThan: Number.POSITIVE_INFINITY },
  ]) {
    expect(() => compileRules(options, { sources: [], ownPaths: [] })).toThrow(
      expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }),
    )
  }
})

test('sources that have gone meanwhile are nothing to fail for', () => {
  const path = join(scratchFolder(), 'gone', 'too')
  const options = {
    oneFileSystem: true,
    gitignore: true,
    excludeCaches: true,
    excludeIfPresent: ['a/b'],
    exclude: ['x'],
  }
  const rules = compileRules(options, { sources: [path], ownPaths: [path] })
  expect(rules.excludesPath(join(path, 'x'))).toBe(true)
  expect(rules.excludesPath(join(path, 'y'))).toBe(false)
  expect(rules.excludes(join(path, 'y'), stats('/'), false)).toBe(false)
})

test('a walk that leaves a folder which it is not in is wrong', () => {
  const folder = folderWith(FILES)
  const rules = compileRules({ exclude: ['x'] }, { sources: [folder], ownPaths: [] })
  rules.enterFolder(folder, readdirSync(folder), lstatSync(folder, { bigint: true }))
  expect(() => rules.leaveFolder(join(folder, 'x'))).toThrow(folder)
})
