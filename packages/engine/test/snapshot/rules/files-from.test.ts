import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { toFsPath } from '@varve/platform/file-name'
import { expandFilesFrom, parseFilesFromRaw, parseFilesFromVerbatim } from '../../../src/snapshot/rules/files-from.ts'
import { globPaths } from '../../../src/snapshot/rules/glob-paths.ts'
import { scratchFolder } from '../../../../../test/scratch-folder.ts'

/** `a/1.c`, `a/2.c`, `b/1.c`, `.hidden`, `z[1]`, `caf\udce9`, and `to-a`, a link to `a`. */
function someFiles(): string {
  const folder = scratchFolder()
  for (const name of ['a', 'b']) mkdirSync(join(folder, name))
  for (const name of ['a/1.c', 'a/2.c', 'b/1.c', '.hidden', 'z[1]', 'caf\udce9']) {
    writeFileSync(toFsPath(`${folder}/${name}`), '')
  }
  symlinkSync('a', join(folder, 'to-a'))
  symlinkSync('nowhere', join(folder, 'broken'))
  return folder
}

describe('paths that match', () => {
  test.each([
    ['a', ['a']],
    ['missing', []],
    ['broken', ['broken']],
    ['*', ['.hidden', 'a', 'b', 'broken', 'caf\udce9', 'to-a', 'z[1]']],
    ['?', ['a', 'b']],
    ['*/1.c', ['a/1.c', 'b/1.c', 'to-a/1.c']],
    ['./*/2.c', ['a/2.c', 'to-a/2.c']],
    ['a/*', ['a/1.c', 'a/2.c']],
    ['**/1.c', ['a/1.c', 'b/1.c', 'to-a/1.c']],
    ['*/missing', []],
    ['a/1.c/*', []],
    ['missing/*', []],
    [String.raw`z\[1\]`, ['z[1]']],
    ['z[[]1]', ['z[1]']],
    ['caf?', ['caf\udce9']],
    ['a*/', []],
    // No listing has it.
    ['[ab]/..', []],
  ])('%s', (pattern, wanted) => {
    expect(globPaths(pattern, someFiles())).toEqual(wanted)
  })

  test('an absolute pattern gives absolute paths', () => {
    const folder = someFiles()
    expect(globPaths(`${folder}/?`, '/')).toEqual([`${folder}/a`, `${folder}/b`])
    expect(globPaths('/*', '/nowhere')).toContain('/tmp')
  })

  test('a malformed pattern is named', () => {
    for (const pattern of ['[', 'a/[', '[a/b', '*/[b-]/*']) {
      expect(() => globPaths(pattern, someFiles())).toThrow(
        expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT', message: expect.stringContaining('[') }),
      )
    }
  })
})

test('a list of patterns gives paths and what matches nothing', () => {
  const list = Buffer.from('# comment\r\n\r\n  a/*  \nmissing\nb\n*.x')
  expect(expandFilesFrom(list, someFiles())).toEqual({ paths: ['a/1.c', 'a/2.c', 'b'], unmatched: ['missing', '*.x'] })
})

test('a verbatim list gives its lines as they are', () => {
  expect(parseFilesFromVerbatim(Buffer.from('# a\n\n  b*  \n\xff', 'latin1'))).toEqual(['# a', '  b*  ', '\udcff'])
})

describe('a list with zero bytes', () => {
  test('gives what is before each', () => {
    expect(parseFilesFromRaw(Buffer.from('a\n\0#b \0\xff\0', 'latin1'))).toEqual(['a\n', '#b ', '\udcff'])
    expect(parseFilesFromRaw(Buffer.alloc(0))).toEqual([])
  })

  test.each(['a', 'a\0b', '\0', 'a\0\0b\0'])('%j is refused', (text) => {
    expect(() => parseFilesFromRaw(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }),
    )
  })
})
