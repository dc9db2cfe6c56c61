import { type BigIntStats, linkSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { OwnFiles } from '../../../src/snapshot/rules/own-files.ts'
import { scratchFolder } from '../../../../../test/scratch-folder.ts'

function stats(path: string): BigIntStats {
  return lstatSync(path, { bigint: true })
}

/** `data/repo/packs`, `data/backups.db`, `data/other`, and `link`, which leads to `data`. */
function someFiles(): { readonly data: string; readonly link: string } {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'data/repo/packs'), { recursive: true })
  writeFileSync(join(folder, 'data/backups.db'), '')
  writeFileSync(join(folder, 'data/other'), '')
  symlinkSync('data', join(folder, 'link'))
  return { data: join(folder, 'data'), link: join(folder, 'link') }
}

describe("a repository's own files", () => {
  test('are known by any of their names', () => {
    const { data, link } = someFiles()
    linkSync(join(data, 'backups.db'), join(data, 'second-name'))
    for (const base of [data, link]) {
      const own = new OwnFiles([join(base, 'repo'), join(base, 'backups.db')])
      for (const way of [data, link]) {
        expect(own.has(stats(join(way, 'repo')))).toBe(true)
        expect(own.has(stats(join(way, 'backups.db')))).toBe(true)
        expect(own.has(stats(join(way, 'second-name')))).toBe(true)
        expect(own.has(stats(join(way, 'other')))).toBe(false)
      }
    }
  })

  test('are known by name where they are made later', () => {
    const { data, link } = someFiles()
    const own = new OwnFiles([join(link, 'backups.db'), join(link, 'backups.db-wal')])
    expect(own.namesIn(stats(data))).toEqual(new Set(['backups.db', 'backups.db-wal']))
    expect(own.namesIn(stats(join(data, 'repo')))).toBeUndefined()
  })

  test('hold what is in them', () => {
    const { data, link } = someFiles()
    const own = new OwnFiles([join(data, 'repo'), join(data, 'backups.db-wal')])
    for (const way of [data, link]) {
      expect(own.contains(join(way, 'repo'))).toBe(true)
      expect(own.contains(join(way, 'repo/packs'))).toBe(true)
      expect(own.contains(join(way, 'repo/packs/not-there-yet'))).toBe(true)
      expect(own.contains(join(way, 'backups.db-wal'))).toBe(true)
      expect(own.contains(join(way, 'other'))).toBe(false)
      expect(own.contains(way)).toBe(false)
    }
  })

  test('are not the link that leads to them', () => {
    const { data } = someFiles()
    symlinkSync(join(data, 'repo'), join(data, 'my-backups'))
    const own = new OwnFiles([join(data, 'my-backups')])
    expect(own.has(stats(join(data, 'my-backups')))).toBe(false)
    expect(own.namesIn(stats(data))).toEqual(new Set(['repo']))
    expect(own.has(stats(join(data, 'repo')))).toBe(true)
    expect(own.contains(join(data, 'my-backups'))).toBe(false)
    expect(own.contains(join(data, 'my-backups/packs'))).toBe(true)
  })

  test('may be nowhere at all', () => {
    const own = new OwnFiles(['/nowhere/at/all', '/'])
    expect(own.contains('/nowhere/at/all/x')).toBe(true)
    expect(own.has(stats('/'))).toBe(true)
    expect(new OwnFiles(['/nowhere/at/all']).contains('/nowhere/at')).toBe(false)
    expect(new OwnFiles([]).contains('/tmp')).toBe(false)
  })
})
