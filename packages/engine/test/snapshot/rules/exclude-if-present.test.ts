import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Problem } from '@varve/platform'
import { CACHE_TAG, isMarked, parseExclusionTag } from '../../../src/snapshot/rules/exclude-if-present.ts'
import { scratchFolder } from '../../../../../test/scratch-folder.ts'

function ask(tag: string, content: string | undefined): { marked: boolean; warnings: readonly Problem[] } {
  const folder = scratchFolder()
  if (content !== undefined) writeFileSync(join(folder, 'TAG'), content)
  const warnings: Problem[] = []
  const names = content === undefined ? ['other'] : ['other', 'TAG']
  return { marked: isMarked(parseExclusionTag(tag), folder, names, (warning) => warnings.push(warning)), warnings }
}

describe('what describes a tag', () => {
  test('is a name, or a name and a header', () => {
    expect(parseExclusionTag('.nobackup')).toEqual({ name: '.nobackup', header: Buffer.alloc(0) })
    expect(parseExclusionTag('a:b:c')).toEqual({ name: 'a', header: Buffer.from('b:c') })
    expect(parseExclusionTag('a:')).toEqual({ name: 'a', header: Buffer.alloc(0) })
  })

  test.each(['', ':', ':header'])('%j has no name', (text) => {
    expect(() => parseExclusionTag(text)).toThrow(expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }))
  })

  test('of a cache is the one that its specification gives', () => {
    expect(CACHE_TAG).toEqual(parseExclusionTag('CACHEDIR.TAG:Signature: 8a477f597d28d172789f06886806bc55'))
  })
})

describe('a folder', () => {
  test('is marked by any file of the name where no header is asked for', () => {
    expect(ask('TAG', '')).toEqual({ marked: true, warnings: [] })
    expect(ask('TAG', undefined)).toEqual({ marked: false, warnings: [] })
  })

  test('is marked by a file that starts as asked', () => {
    expect(ask('TAG:abc', 'abc')).toEqual({ marked: true, warnings: [] })
    expect(ask('TAG:abc', 'abcdef')).toEqual({ marked: true, warnings: [] })
    expect(ask('TAG:abc', undefined)).toEqual({ marked: false, warnings: [] })
  })

  test.each(['', 'ab', 'abd', ' abc'])('is not marked by a file with %j, and that is told', (content) => {
    const { marked, warnings } = ask('TAG:abc', content)
    expect([marked, warnings.length]).toEqual([false, 1])
    expect(warnings[0]?.path).toMatch(/\/TAG$/)
  })

  test('is not marked by what cannot be read, and waits for nobody', () => {
    const folder = scratchFolder()
    mkdirSync(join(folder, 'TAG'))
    execFileSync('mkfifo', [join(folder, 'FIFO')])
    const warnings: Problem[] = []
    for (const name of ['TAG', 'FIFO']) {
      const tag = parseExclusionTag(`${name}:abc`)
      expect(isMarked(tag, folder, ['TAG', 'FIFO'], (warning) => warnings.push(warning))).toBe(false)
    }
    expect(warnings).toHaveLength(2)
  })

  test('that lost its tag after it was listed is not marked', () => {
    expect(isMarked(parseExclusionTag('TAG:abc'), scratchFolder(), ['TAG'], () => expect.unreachable())).toBe(false)
  })

  test('may be marked by a file further down', () => {
    const folder = scratchFolder()
    mkdirSync(join(folder, 'meta'))
    const tag = parseExclusionTag('meta/skip')
    expect(isMarked(tag, folder, ['meta'], undefined)).toBe(false)
    writeFileSync(join(folder, 'meta', 'skip'), '')
    expect(isMarked(tag, folder, ['meta'], undefined)).toBe(true)
  })
})
