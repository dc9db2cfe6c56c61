import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../temporary-folder.ts'
import { jsonLines, runHere } from '../run-here.ts'

async function scene() {
  const workingFolder = await temporaryFolder()
  const file = (name: string): string => join(workingFolder, name)
  mkdirSync(file('work/sub'), { recursive: true })
  writeFileSync(file('work/a'), 'a'.repeat(9000))
  writeFileSync(file('work/sub/b'), 'content of b')
  writeFileSync(file('work/x.tmp'), 'unwanted')
  const varve = (...args: readonly string[]) => runHere(['dir', ...args], { workingFolder })
  return { file, varve, workingFolder }
}

test('index, diff, pack, apply', async () => {
  const { file, varve, workingFolder } = await scene()
  const indexed = await varve('index', 'work', 'work.index')
  expect(indexed).toMatchObject({ code: 0, err: '' })
  expect(indexed.out).toMatch(/^Wrote work\.index: 4 entries/)
  execFileSync('cp', ['-a', file('work'), file('copy')])

  renameSync(file('work/sub/b'), file('work/moved'))
  writeFileSync(file('work/a'), `${'a'.repeat(9000)} and more`)
  writeFileSync(file('work/new'), 'new')
  rmSync(file('work/x.tmp'))
  const diff = await varve('diff', 'work.index', 'work')
  expect(diff.code).toBe(0)
  expect(diff.out.split('\n')).toEqual([
    'updated   a',
    'renamed   sub/b -> moved',
    'created   new',
    'metadata  sub/',
    'deleted   x.tmp',
    'Difference: 1 created, 1 updated, 1 with other metadata, 1 deleted, 1 renamed.',
    '',
  ])
  const changes = jsonLines((await varve('diff', 'work.index', 'work', '--json', '--output', 'work.diff')).out)
  expect(changes.at(-1)).toMatchObject({ message_type: 'summary', created: 1, updated: 1, deleted: 1, renamed: 1 })
  expect(changes).toContainEqual({ message_type: 'change', kind: 'renamed', path: 'moved', source: 'sub/b' })
  expect(readFileSync(file('work.diff')).length).toBeGreaterThan(100)

  const packed = await varve('pack', 'work.index', 'work', 'changes.tzst', '--index', 'work.2.index')
  expect(packed.out).toMatch(/^Wrote changes\.tzst \(.*\): 1 created, 1 updated, /)
  expect(readFileSync(file('changes.tzst')).readUInt32LE(0)).toBe(0xfd2fb528)
  expect((await varve('apply', 'changes.tzst', 'copy')).out).toMatch(/^Changed copy: 1 created, 1 updated, /)
  expect(execFileSync('diff', ['-r', file('work'), file('copy')], { encoding: 'utf8' })).toBe('')
  expect((await varve('diff', 'work.2.index', 'copy')).out).toBe('Difference: nothing changed.\n')
  expect((await varve('apply', 'changes.tzst', 'copy')).err).toContain('already is what the archive makes of it')
  expect((await varve('pack', 'work.index', 'work', 'changes.tzst')).err).toContain('is there already')
  expect(readdirSync(workingFolder).filter((name) => name.includes('tmp-'))).toEqual([])
})

test('a dry run changes nothing, and recovering where nothing was interrupted says so', async () => {
  const { file, varve } = await scene()
  await varve('index', 'work', 'work.index')
  await varve('pack', 'work.index', 'work', 'none.tgz')
  const dry = await varve('apply', 'none.tgz', 'work', '--dry-run')
  expect(dry).toMatchObject({ code: 0, err: '' })
  expect(dry.out).toContain('This was a dry run: nothing was changed.')
  expect(jsonLines((await varve('apply', 'none.tgz', 'work', '--json')).out)[0]).toMatchObject({
    message_type: 'summary',
    dry_run: false,
    created: 0,
  })
  expect((await varve('apply', '--recover', 'work')).out).toBe('There was nothing to recover.\n')
  expect((await varve('apply', 'none.tgz')).err).toContain('name an archive and a folder')
  writeFileSync(file('work/a'), 'other')
  expect((await varve('apply', 'none.tgz', 'work')).code).toBe(1)
  expect(readFileSync(file('work/a'), 'utf8')).toBe('other')
})

test('patterns leave things out, and indexes are replaced only with --force', async () => {
  const { varve, file } = await scene()
  const json = async (...args: string[]) => jsonLines((await varve(...args, '--json')).out).at(-1)
  expect(await json('index', 'work', 'i', '--exclude', '*.tmp')).toMatchObject({ entries: 3, problems: 0 })
  expect((await varve('index', 'work', 'i')).err).toContain("'i' is there already")
  expect(await json('index', 'work', 'i', '--force', '--previous', 'i', '--exclude', 'sub/')).toMatchObject({
    entries: 2,
  })
  expect((await varve('index', 'missing', 'j')).code).toBe(1)
  expect(existsSync(file('j'))).toBe(false)
})
