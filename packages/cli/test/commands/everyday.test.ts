import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { existsSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { jsonLines, makeRepository, runHere, type RunOptions } from './run-here.ts'
import { startVarve } from './run-process.ts'

/** A folder to save, and a repository that takes no time to open. */
async function scene(
  password = '',
): Promise<{ readonly folder: string; readonly source: string; readonly db: string }> {
  const folder = await temporaryFolder()
  const source = join(folder, 'work')
  await mkdir(join(source, 'sub'), { recursive: true })
  await writeFile(join(source, 'sub/notes.txt'), 'one')
  await writeFile(join(source, 'picture'), Buffer.alloc(2048, 7))
  const db = join(folder, 'work.db')
  await makeRepository(`sqlite:${db}`, password)
  return { folder, source, db }
}

test('the main job with the words of seed users', async () => {
  const { folder, source, db } = await scene()
  const varve = (...args: string[]) => runHere(['--db-path', db, ...args])
  expect(await varve('list')).toEqual({ code: 0, out: 'No snapshots found.\n', err: '' })
  const first = await varve('snapshot', '--target-directory', source)
  expect(first).toMatchObject({ code: 0, err: '' })
  expect(first.out).toMatch(/^Snapshot 1 created successfully\.$/m)
  await writeFile(join(source, 'sub/notes.txt'), 'two and more')
  expect((await varve('snapshot', '--target-directory', source)).out).toMatch(/^Snapshot 2 created successfully\.$/m)

  const list = (await varve('list')).out.split('\n')
  expect(list[0]).toMatch(/^SNAPSHOT +ID +TIMESTAMP +SIZE +DISTINCT SIZE/)
  expect(list[1]).toMatch(/^-+$/)
  expect(list[2]).toMatch(/^1 +[0-9a-f]{8} +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +2\.00 KiB +2\.00 KiB/)
  expect(list[3]).toMatch(/^2 +[0-9a-f]{8} +\S+ \S+ +2\.01 KiB +12 B/)
  expect(list[3]).toContain(source)
  expect(list[5]).toMatch(/^TOTAL +2\.01 KiB$/)

  const output = join(folder, 'restored')
  const restored = await varve('restore', '--snapshot-number', '1', '--output-directory', output)
  expect(restored.out).toContain(`Snapshot 1 restored to ${output}\n`)
  expect(await readFile(join(output, 'sub/notes.txt'), 'utf8')).toBe('one')

  const structure = await varve('check')
  expect(structure.out).toContain('but was not read')
  expect(structure.out).not.toContain('All file content is valid.')
  expect((await varve('check', '--read-data')).out).toContain(
    '\nDatabase integrity check passed. All file content is valid.\n',
  )

  expect((await varve('prune', '--snapshot', '1', '--dry-run')).out).toContain('Would remove snapshot 1.')
  expect((await varve('prune', '--snapshot', '1')).out).toMatch(/^Snapshot 1 pruned successfully\.$/m)
  expect((await varve('list', '--compact')).out.split('\n')).toHaveLength(6)
  expect((await varve('prune', 'latest')).code).toBe(0)
  expect((await varve('list')).out).toBe('No snapshots found.\n')
})

test('the JSON lines of restic', async () => {
  const { folder, source, db } = await scene()
  const varve = (...args: string[]) =>
    runHere(['--db-path', db, ...(args[0] === 'prune' ? [] : ['--no-lock']), '--json', ...args])
  const saved = jsonLines(
    (await varve('snapshot', source, '-vv', '--tag', 'a,b', '--host', 'studio', '--time', '2020-01-02 03:04:05')).out,
  )
  expect(saved.filter(({ message_type: type }) => type === 'verbose_status')).toContainEqual(
    expect.objectContaining({ action: 'new', item: join(source, 'picture') }),
  )
  const summary = saved.at(-1)
  expect(summary).toMatchObject({ message_type: 'summary', files_new: 2, total_files_processed: 2, snapshot_number: 1 })
  const [snapshots] = jsonLines((await varve('list')).out) as unknown as [readonly Record<string, unknown>[]]
  expect(snapshots).toEqual([
    expect.objectContaining({
      id: summary?.['snapshot_id'],
      hostname: 'studio',
      tags: ['a', 'b'],
      paths: [source],
      time: expect.stringMatching(/^2020-01-02T03:04:05/) as unknown,
      number: 1,
      size: 2051,
      distinct_size: 2051,
    }),
  ])
  const target = join(folder, 'out')
  const restored = jsonLines((await varve('restore', '1', '--target', target)).out)
  expect(restored.at(-1)).toMatchObject({ message_type: 'summary', files_restored: 2, bytes_restored: 2051 })
  expect(existsSync(join(target, source, 'picture'))).toBe(true)
  expect(jsonLines((await varve('check', '--read-data')).out)).toEqual([
    expect.objectContaining({ message_type: 'summary', num_errors: 0, broken_packs: [] }),
  ])
  expect(jsonLines((await varve('prune', '1')).out)).toEqual([
    expect.objectContaining({ message_type: 'summary', removed_snapshots: [summary?.['snapshot_id']] }),
  ])
  expect(jsonLines((await varve('list')).out)).toEqual([[]])
  expect(jsonLines((await varve('unlock')).out)).toEqual([{ message_type: 'summary', removed_locks: 0 }])
})

test('a dry run tells what would be written, overwritten and removed, and does none of it', async () => {
  const { folder, source, db } = await scene()
  await runHere(['--db-path', db, 'snapshot', source])
  const target = join(folder, 'out')
  await mkdir(target)
  await writeFile(join(target, 'picture'), 'other')
  await writeFile(join(target, 'stray'), 'left over')
  const { code, out } = await runHere(['--db-path', db, 'restore', '1', '-o', target, '--delete', '--dry-run'])
  expect(code).toBe(0)
  expect(out).toMatch(/^updated +\S+picture/m)
  expect(out).toMatch(/^restored +\S+notes\.txt/m)
  expect(out).toMatch(/^deleted +\S+stray/m)
  expect(out).toContain('nothing was changed')
  expect(await readFile(join(target, 'picture'), 'utf8')).toBe('other')
  expect(existsSync(join(target, 'stray'))).toBe(true)
  expect(existsSync(join(target, 'sub'))).toBe(false)
})

test('rules, lists of sources and standard input', async () => {
  const { folder, source, db } = await scene()
  const varve = (args: readonly string[], options: RunOptions = {}) =>
    runHere(['--db-path', db, '--json', 'snapshot', ...args], { workingFolder: folder, ...options })
  const files = async (args: readonly string[], options: RunOptions = {}): Promise<unknown> =>
    jsonLines((await varve([...args, '--dry-run'], options)).out).at(-1)?.['total_files_processed']
  await writeFile(join(folder, 'patterns'), '# a comment\n$NAME\n')
  await writeFile(join(folder, 'list'), `${source}/*\n`)
  await writeFile(join(folder, 'raw'), `${source}/picture\0`)
  expect(await files([source])).toBe(2)
  expect(await files([source, '--exclude', 'picture'])).toBe(1)
  expect(await files([source, '--iexclude', 'PICTURE'])).toBe(1)
  expect(await files([source, '--exclude-file', join(folder, 'patterns')], { environment: { NAME: 'notes.*' } })).toBe(
    1,
  )
  expect(await files([source, '--exclude-larger-than', '1k'])).toBe(1)
  expect(await files([source, '--exclude-if-present', 'notes.txt'])).toBe(2)
  expect(await files(['--files-from', join(folder, 'list')])).toBe(2)
  expect(await files(['--files-from-raw', join(folder, 'raw')])).toBe(1)
  expect(await files(['--files-from-verbatim', '-'], { input: `${source}/sub\n` })).toBe(1)
  await symlink(source, join(folder, 'link'))
  expect(await files(['--target-directory', join(folder, 'link')])).toBe(2)
  const streamed = await varve(['--stdin', '--stdin-filename', 'dump.sql'], { input: 'select 1' })
  expect(jsonLines(streamed.out).at(-1)).toMatchObject({ files_new: 1, total_bytes_processed: 8 })
  await runHere(['--db-path', db, 'restore', 'latest', '-o', join(folder, 'out')])
  expect(await readFile(join(folder, 'out/dump.sql'), 'utf8')).toBe('select 1')
})

test('options may stand before or after the command, and the environment stands in for them', async () => {
  const { source, db } = await scene('secret')
  const location = `sqlite:${db}`
  const environment = { RESTIC_REPOSITORY: location, RESTIC_PASSWORD: 'secret', RESTIC_HOST: 'studio' }
  expect(await runHere(['backup', source, '--quiet'], { environment })).toEqual({ code: 0, out: '', err: '' })
  expect((await runHere(['snapshots', '--json'], { environment })).out).toContain('"hostname":"studio"')
  expect((await runHere(['list'], { environment: { ...environment, VARVE_HOST: 'elsewhere' } })).out).toBe(
    'No snapshots found.\n',
  )
  expect((await runHere(['list', '--repo', location, '--password-command', 'echo secret'])).code).toBe(0)
  expect((await runHere(['-r', location, '--password-command', 'echo secret', 'list'])).code).toBe(0)
})

test('a dry run of the very first snapshot makes nothing', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'file'), 'content')
  const run = await runHere(['snapshot', join(folder, 'file'), '--dry-run'], { workingFolder: folder })
  expect(run).toMatchObject({ code: 0, err: '' })
  expect(run.out).toMatch(/^Files: +1 new/)
  expect(run.out).toContain('This was a dry run: nothing was stored.')
  expect(readdirSync(folder)).toEqual(['file'])
})

test('a snapshot of nothing new is made only when it is wanted', async () => {
  const { folder, db } = await scene()
  // By its relative path: the folders above would be in the snapshot too, and other tests change those meanwhile.
  const varve = async (...args: string[]) =>
    (await startVarve(['--db-path', db, 'snapshot', 'work', ...args], { cwd: folder }).finished).out
  await varve()
  expect(await varve('--skip-if-unchanged')).toContain('Nothing has changed since snapshot')
  expect(await varve('--dry-run')).toContain('This was a dry run: nothing was stored.')
  expect((await runHere(['--db-path', db, 'list', '--json'])).out.match(/"short_id"/g)).toHaveLength(1)
})
