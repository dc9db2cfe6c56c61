import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Problem } from '@varve/platform'
import { GitIgnore } from '../../../src/snapshot/rules/git-ignore.ts'
import { scratchFolder } from '../../../../../test/scratch-folder.ts'

/** A folder with files of these contents; with `.git/HEAD` where `isRepository`. */
function folderWith(files: Readonly<Record<string, string | Buffer>>, isRepository = true): string {
  const folder = scratchFolder()
  for (const [name, content] of Object.entries(
    isRepository ? { '.git/HEAD': 'ref: refs/heads/main\n', ...files } : files,
  )) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

/** Whether a walk that starts at `start`, a folder below `top`, would leave out the path; a `/` at its end makes it a folder. */
function ignores(top: string, path: string, start = ''): boolean {
  const isFolder = path.endsWith('/')
  const parts = path.split('/').filter((part) => part !== '')
  const name = parts.pop() ?? ''
  const first = join(top, start)
  let state = GitIgnore.startAt(first, first, undefined)
  let at = first
  for (const part of parts) {
    if (state.ignores(part, true)) return true
    at = join(at, part)
    state = state.enter(at, undefined)
  }
  return state.ignores(name, isFolder)
}

describe('patterns', () => {
  test.each([
    ['*.o', 'a.o', true],
    ['*.o', 'x/y/a.o', true],
    ['*.o\n!keep.o', 'x/keep.o', false],
    ['!keep.o\n*.o', 'keep.o', true],
    ['/a', 'a', true],
    ['/a', 'x/a', false],
    ['x/a', 'x/a', true],
    ['x/a', 'y/x/a', false],
    ['build/', 'build/', true],
    ['build/', 'build', false],
    ['build/', 'x/build/y', true],
    ['/*\n!/keep', 'keep', false],
    ['/*\n!/keep', 'other', true],
    ['a/**/b', 'a/x/y/b', true],
    ['a/**', 'a/b', true],
    ['# a', '# a', false],
    [String.raw`\#a`, '#a', true],
    [String.raw`\!a`, '!a', true],
    ['a ', 'a', true],
    [String.raw`a\ `, 'a ', true],
    ['a\r\nb\r\n', 'a', true],
    ['\ufeffa', 'a', true],
    ['A', 'a', false],
    ['[a-c]x', 'bx', true],
    ['[!a]x', 'bx', true],
    ['?', 'é', false],
    ['??', 'é', true],
    ['caf?', 'caf\udce9', true],
    ['*', '.git/', false],
    ['*', '.gitignore', true],
  ])('%j on %s: %s', (content, path, wanted) => {
    expect(ignores(folderWith({ '.gitignore': content, 'x/y/f': '', 'a/x/y/f': '', 'build/f': '' }), path)).toBe(wanted)
  })

  test('of many stars do not make matching slow', () => {
    const top = folderWith({ '.gitignore': `${'a*'.repeat(30)}b\n${'**/a'.repeat(20)}/b\n` })
    expect(ignores(top, 'a'.repeat(255))).toBe(false)
  })
})

describe('files of patterns', () => {
  test('nearer ones come first', () => {
    const top = folderWith({ '.gitignore': '*.o\n!a.c', 'x/.gitignore': '!keep.o\n*.c', 'x/y/.gitignore': '' })
    expect(['x/keep.o', 'x/y/keep.o', 'keep.o', 'x/a.c', 'a.c'].map((path) => ignores(top, path))).toEqual([
      false,
      false,
      true,
      true,
      false,
    ])
  })

  test('are relative to their folder', () => {
    const top = folderWith({ 'x/.gitignore': '/a\ny/b' })
    expect(['a', 'x/a', 'x/y/a', 'x/y/b', 'y/b'].map((path) => ignores(top, path))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ])
  })

  test('of the repository come last', () => {
    const top = folderWith({ '.git/info/exclude': '*.o\n*.x', '.gitignore': '!keep.o' })
    expect(['a.o', 'keep.o', 'x/keep.o', 'a.x'].map((path) => ignores(top, path))).toEqual([true, false, false, true])
  })

  test('above the start count up to the top of the work tree, not further', () => {
    const top = folderWith({
      '.gitignore': '*.outer',
      'repo/.git/HEAD': '',
      'repo/.git/info/exclude': '*.excluded',
      'repo/.gitignore': '*.inner\n/sub/deep/anchored',
      'repo/sub/.gitignore': '*.sub',
      'repo/sub/deep/f': '',
    })
    const names = ['a.outer', 'a.excluded', 'a.inner', 'anchored', 'a.sub', 'a']
    expect(names.map((name) => ignores(top, name, 'repo/sub/deep'))).toEqual([false, true, true, true, true, false])
    // A repository inside another hears nothing of it, but can itself be ignored.
    expect(ignores(top, 'repo/a.outer')).toBe(false)
    expect(ignores(folderWith({ '.gitignore': 'repo', 'repo/.git/HEAD': '' }), 'repo/')).toBe(true)
  })

  test('count from the start on where there is no repository', () => {
    const top = folderWith({ '.gitignore': '*.above', 'x/.gitignore': '*.o', 'x/y/f': '' }, false)
    expect(['a.above', 'a.o', 'y/a.o'].map((name) => ignores(top, name, 'x'))).toEqual([false, true, true])
  })

  test('of further work trees and submodules are found where git keeps them', () => {
    const top = folderWith({
      '.git/info/exclude': '*.shared',
      '.git/worktrees/second/HEAD': '',
      '.git/worktrees/second/commondir': '../..\n',
      '.git/modules/sub/HEAD': '',
      '.git/modules/sub/info/exclude': '*.module',
      'sub/.git': 'gitdir: ../.git/modules/sub\n',
      'broken/.git': 'gitdir: ../nowhere\n',
    })
    const second = folderWith({ '.git': `gitdir: ${join(top, '.git/worktrees/second')}\n` }, false)
    expect(ignores(second, 'a.shared')).toBe(true)
    expect(['a.shared', 'a.module'].map((name) => ignores(top, `sub/${name}`))).toEqual([false, true])
    // What only looks like a repository is none.
    expect(ignores(top, 'broken/a.shared')).toBe(true)
  })

  test("in git's own folder are none", () => {
    const top = folderWith({ '.gitignore': 'a', '.git/x/.gitignore': 'b' })
    expect(['.git/a', '.git/x/b', '.git/x/a', 'a'].map((path) => ignores(top, path))).toEqual([
      false,
      false,
      false,
      true,
    ])
    expect(ignores(top, 'b', '.git/x')).toBe(false)
  })

  test('that are links or too odd are not used', () => {
    const top = folderWith({ patterns: 'a', 'x/f': '' })
    symlinkSync('patterns', join(top, '.gitignore'))
    mkdirSync(join(top, 'x/.gitignore'))
    const warnings: Problem[] = []
    const state = GitIgnore.startAt(top, top, (warning) => warnings.push(warning))
    expect(state.ignores('a', false)).toBe(false)
    expect(state.enter(join(top, 'x'), ['.gitignore', 'f']).ignores('a', false)).toBe(false)
    expect(warnings.map(({ path }) => path)).toEqual([join(top, '.gitignore')])
  })
})

describe('a folder that is entered', () => {
  test('although a file above ignores it, since one nearer includes it again, is not all ignored', () => {
    const top = folderWith({ '.gitignore': 'b/\n*.o', 'a/.gitignore': '!b/', 'a/b/f': '' })
    expect(['a/b/', 'a/b/c', 'a/b/c.o', 'b/'].map((path) => ignores(top, path))).toEqual([false, false, true, true])
  })

  test('although it is ignored, since it was asked for, is not all ignored', () => {
    const top = folderWith({ '.gitignore': 'build/\n*.o\n', 'build/o[ut] put!/f': '' })
    const names = ['f', 'f.o', 'build/', 'x/']
    expect(names.map((name) => ignores(top, name, 'build/o[ut] put!'))).toEqual([false, true, true, false])
  })

  test('without files of patterns costs no further state', () => {
    const top = folderWith({ 'x/y/f': '' }, false)
    const state = GitIgnore.startAt(top, top, undefined)
    expect(state.enter(join(top, 'x'), ['y']).enter(join(top, 'x/y'), ['f'])).toBe(state)
  })
})

test('questions beyond what is remembered are answered the same', () => {
  const top = folderWith({ '.gitignore': '*7' })
  const state = GitIgnore.startAt(top, top, undefined)
  const ignored = Array.from({ length: 25_000 }, (_, index) => state.ignores(String(index), false)).filter(Boolean)
  expect(ignored).toHaveLength(2500)
})
