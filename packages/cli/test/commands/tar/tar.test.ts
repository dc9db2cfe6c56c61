import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../temporary-folder.ts'
import { jsonLines, runHere, type RunOptions } from '../run-here.ts'

async function scene() {
  const workingFolder = await temporaryFolder()
  const file = (name: string): string => join(workingFolder, name)
  mkdirSync(file('work/sub'), { recursive: true })
  writeFileSync(file('work/a'), 'a'.repeat(9000))
  writeFileSync(file('work/sub/b'), 'b'.repeat(9000))
  const varve = (args: readonly string[], options: RunOptions = {}) =>
    runHere(['tar', ...args], { workingFolder, ...options })
  return { file, varve, workingFolder }
}

test('create, list, add, extract', async () => {
  const { file, varve } = await scene()
  const created = await varve(['create', 'backups/work', 'work', '--volume-size', '16K', '--compress', 'none'])
  expect(created).toMatchObject({ code: 0, err: '' })
  expect(created.out).toMatch(/^Wrote 2 volumes \(.*\); the set has 4 members\.\n$/)
  expect(readdirSync(file('backups')).toSorted()).toEqual(['work.vol1.tar', 'work.vol2.tar', 'work.volumes.jsonl'])
  expect((await varve(['list', 'backups/work'])).out).toBe('work/\nwork/a\nwork/sub/\nwork/sub/b\n')
  expect((await varve(['list', 'backups/work', '--long'])).out).toMatch(/0\d{3} +8\.79 KiB +\S+ \S+ +2 +work\/sub\/b\n/)

  writeFileSync(file('work/c'), 'later')
  expect((await varve(['add', 'backups/work', 'c', '--root', 'work'])).code).toBe(0)
  expect(
    (await varve(['add', 'backups/work', '-', '--stdin-filename', 'dump.sql', '--prefix', ''], { input: 'select 1' }))
      .code,
  ).toBe(0)
  expect((await varve(['add', 'backups/work', '-'])).err).toContain('standard input has no name')
  expect((await varve(['add', 'backups/work', 'c', '--root', 'work'])).err).toContain("'work/c' is there twice")
  const listed = jsonLines((await varve(['list', 'backups/work', '--json'])).out)
  expect(listed.at(-1)).toMatchObject({ message_type: 'summary', members: 6, volumes: 4 })
  expect(listed[1]).toMatchObject({ message_type: 'member', path: 'work/a', type: 'file', size: 9000, volumes: [1] })

  const extracted = await varve(['extract', 'backups/work', '-o', 'out'])
  expect(extracted).toMatchObject({ code: 0, err: '' })
  expect(extracted.out).toMatch(/^Extracted 4 files, 2 folders, 0 links \(.*\) to out\.\n$/)
  expect(readFileSync(file('out/work/c'), 'utf8')).toBe('later')
  expect(readFileSync(file('out/dump.sql'), 'utf8')).toBe('select 1')
})

test('one file needs its volume alone, and can go to standard output', async () => {
  const { file, varve } = await scene()
  await varve(['create', 'backups/work', 'work', '--volume-size', '16K'])
  rmSync(file('backups/work.vol1.tgz'))
  expect(await varve(['extract', 'backups/work', 'work/sub/b', '-o', '-'])).toEqual({
    code: 0,
    out: 'b'.repeat(9000),
    err: '',
  })
  expect((await varve(['extract', 'backups/work', 'work/sub', '-o', 'part'])).code).toBe(0)
  expect(existsSync(file('part/work/sub/b'))).toBe(true)
  const missing = await varve(['extract', 'backups/work', '-o', 'whole'])
  expect(missing).toMatchObject({ code: 1, out: '' })
  expect(missing.err).toMatch(/^Error: the volume '.*work\.vol1\.tgz' is missing/)
  expect(existsSync(file('whole'))).toBe(false)
  expect((await varve(['extract', 'backups/work', 'no/such', '-o', 'x'])).err).toContain("there is no member 'no/such'")
  expect((await varve(['extract', 'backups/work', '-o', '-'])).err).toContain('only one file')
  expect((await varve(['extract', 'backups/work'])).err).toContain('no folder to extract to is named')
})

test('a tar of another program, or a volume alone', async () => {
  const { file, varve } = await scene()
  await varve(['create', 'backups/work', 'work'])
  rmSync(file('backups/work.volumes.jsonl'))
  expect((await varve(['list', 'backups/work.vol1.tgz'])).out).toContain('work/sub/b\n')
  expect((await varve(['extract', 'backups/work', 'work/a', 'work/sub', '-o', 'out'])).code).toBe(0)
  expect((await varve(['extract', 'backups/work.vol1.tgz', '-o', 'small', '--max-size', '1K'])).err).toContain(
    'more than',
  )
  writeFileSync(file('noise'), 'n'.repeat(2000))
  expect((await varve(['list', 'noise'])).err).toMatch(/^Error: the volume '.*noise' is no tar/)
})

test('nothing is replaced without --force', async () => {
  const { file, varve } = await scene()
  await varve(['create', 'work-set', 'work'])
  expect((await varve(['create', 'work-set', 'work'])).err).toContain('is there already')
  writeFileSync(file('work/a'), 'new')
  expect((await varve(['create', 'work-set', 'work', '--force'])).code).toBe(0)
  await varve(['extract', 'work-set', '-o', 'out'])
  writeFileSync(file('out/work/a'), 'mine')
  expect((await varve(['extract', 'work-set', '-o', 'out'])).err).toContain('is there already')
  expect(readFileSync(file('out/work/a'), 'utf8')).toBe('mine')
  expect((await varve(['extract', 'work-set', '-o', 'out', '--force'])).code).toBe(0)
  expect(readFileSync(file('out/work/a'), 'utf8')).toBe('new')
  expect((await varve(['create', 'other', 'work', '--volume-size', '1K'])).err).toContain('too small')
})
