import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { expect, test } from 'vitest'
import { toFsPath } from '@varve/platform/file-name'
import { jsonLines } from '../run-here.ts'
import { mirrorScene, NAME_OF_BYTES, STRANGE_NAME } from './scene.ts'

test('a run mirrors what is selected, and keeps what is tracked', async () => {
  const { at, write, mirror } = await mirrorScene()
  const first = await mirror('run')
  expect(first).toMatchObject({ code: 0, err: '' })
  expect(first.out).toMatch(/^Mirrored .*work to .*backups: 6 new, 21 B copied; 6 entries in all\.\nIncrement backup_/)
  expect(readFileSync(at('backups/mirror/notes/todo.txt'), 'utf8')).toBe('nothing')
  expect(existsSync(at('backups/mirror/other.txt'))).toBe(false)
  expect((await mirror('run')).out).toMatch(/: nothing changed, 0 B copied; 6 entries in all\.\n$/)

  write('work/projects/boat/main.py', 'print(2)  # longer')
  write('work/notes/other.txt', 'other')
  rmSync(at('work/notes/todo.txt'))
  const second = await mirror('run', '--verbose')
  expect(second.out).toContain('changed   projects/boat/main.py  (18 B, tracked)\n')
  expect(second.out).toContain('removed   notes/todo.txt\n')
  expect(existsSync(at('backups/mirror/notes/todo.txt'))).toBe(false)
  const increments = readdirSync(at('backups')).filter((name) => name.startsWith('backup_'))
  expect(increments).toHaveLength(2)
  const json = jsonLines((await mirror('run', '--json')).out).at(-1)
  expect(json).toMatchObject({ message_type: 'summary', new: 0, changed: 0, removed: 0, entries: 6, problems: 0 })
})

test('a dry run tells everything and changes nothing', async () => {
  const { at, write, mirror } = await mirrorScene()
  write(`work/projects/${STRANGE_NAME}`, 'strange')
  write(`work/projects/${NAME_OF_BYTES}`, 'bytes')
  const dry = await mirror('run', '--dry-run')
  expect(dry).toMatchObject({ code: 0, err: '' })
  expect(dry.out).toContain('projects/it\'s "$(touch hit)" `x`;\\n\\|*,\\x1b[31m.txt  (7 B, tracked)\n')
  expect(dry.out).toContain('projects/b\\xe9.txt  (5 B, tracked)\n')
  expect(dry.out).toContain('This was a dry run: nothing was changed.')
  expect(existsSync(at('backups'))).toBe(false)
  const changes = jsonLines((await mirror('run', '--dry-run', '--json')).out)
  expect(changes).toContainEqual({
    message_type: 'change',
    path: `projects/${STRANGE_NAME}`,
    change: 'new',
    type: 'file',
    tracked: true,
    size: 7,
  })
  await mirror('run')
  expect(readFileSync(toFsPath(at(`backups/mirror/projects/${NAME_OF_BYTES}`)), 'utf8')).toBe('bytes')
})

test('a source that is not mounted is not taken for one that was emptied', async () => {
  const { at, mirror } = await mirrorScene()
  await mirror('run')
  rmSync(at('work/projects'), { recursive: true })
  const refused = await mirror('run')
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('--allow-empty')
  expect(existsSync(at('backups/mirror/projects/README.md'))).toBe(true)
  expect(await mirror('run', '--allow-empty')).toMatchObject({ code: 0 })
  expect(existsSync(at('backups/mirror/projects/README.md'))).toBe(false)
  renameSync(at('work'), at('gone'))
  expect((await mirror('run', '--allow-empty')).code).toBe(1)
})

test('contents are compared with --checksum', async () => {
  const { at, write, mirror } = await mirrorScene()
  await mirror('run')
  write('work/notes/todo.txt', 'NOTHING')
  const { atime, mtime } = statSync(at('backups/mirror/notes/todo.txt'))
  utimesSync(at('work/notes/todo.txt'), atime, mtime)
  await mirror('run', '--checksum')
  expect(readFileSync(at('backups/mirror/notes/todo.txt'), 'utf8')).toBe('NOTHING')
})

test('one of several profiles, or all: where one fails, the others are mirrored all the same', async () => {
  const { at, write, mirror } = await mirrorScene()
  write(
    'mirror.toml',
    'src = "work"\ntrack_dirs = ["."]\n[profiles.bad]\ndist = "occupied/x"\n[profiles.good]\ndist = "good"\n',
  )
  write('occupied', 'a file')
  const none = await mirror('run')
  expect(none).toMatchObject({ code: 1 })
  expect(none.err).toContain('Hint: there are: bad, good')
  const both = await mirror('run', '--all-profiles')
  expect(both.code).toBe(1)
  expect(both.out).toContain('good: Mirrored ')
  expect(both.err).toContain('1 profile of 2 failed: ')
  expect(existsSync(at('good/mirror/other.txt'))).toBe(true)
  expect(await mirror('run', '--profile', 'good')).toMatchObject({ code: 0 })
  expect((await mirror('run', '--profile', 'good', '--all-profiles')).err).toContain('exclude each other')
  const told = jsonLines((await mirror('run', '--all-profiles', '--json')).out)
  const [failure, summary] = told.filter((message) => message['message_type'] !== 'status')
  expect(failure).toMatchObject({ message_type: 'failure', profile: 'bad' })
  expect(summary).toMatchObject({ message_type: 'summary', profile: 'good' })
})

test('what a configuration names and the source has not is told', async () => {
  const { at, write, mirror } = await mirrorScene()
  write(
    'mirror.toml',
    'src = "work"\ndist = "backups"\ntrack_dirs = ["projetcs", "notes"]\ntrack_files = ["x.txt", "*.y"]\n',
  )
  const run = await mirror('run')
  expect(run.code).toBe(0)
  expect(run.err.split('\n')).toEqual([
    `Warning: 'projetcs' is to be mirrored, but is not in '${at('work')}'`,
    `Warning: 'x.txt' is to be mirrored, but is not in '${at('work')}'`,
    '',
  ])
})

test('a configuration that is missing or wrong is told, and nothing is done', async () => {
  const { at, write, mirror } = await mirrorScene()
  write('wrong.toml', 'src = "work"\ndist = "backups"\ninclude_dirs = "projects"\n')
  const wrong = await mirror('run', '--config', 'wrong.toml')
  expect(wrong.code).toBe(1)
  expect(wrong.err).toBe(
    `Error: ${at('wrong.toml')}: include_dirs must be a list of folders, such as ["projects", "notes"]; it is "projects"\n`,
  )
  write('nothing.toml', 'src = "work"\ndist = "backups"\n')
  expect((await mirror('run', '--config', 'nothing.toml', '--allow-empty')).err).toContain('selects nothing')
  expect((await mirror('run', '--config', '.')).err).toContain('is a folder, not a configuration')
  write('absent.toml', 'src = "absent"\ndist = "backups"\ntrack_dirs = ["."]\n')
  expect((await mirror('run', '--config', 'absent.toml')).err).toContain(`cannot read '${at('absent')}'`)
  expect((await mirror('run', '--config', 'none.json')).err).toContain(`Config file not found: ${at('none.json')}`)
  expect((await mirror('run', '--max-workers', 'many')).err).toContain("--max-workers: 'many' is not a number from 1")
  rmSync(at('mirror.toml'))
  const none = await mirror('run')
  expect(none.err).toContain('no mirror.toml, mirror.json or config.json')
  expect(none.err).toContain("Hint: make one with 'varve mirror init'")
  expect(existsSync(at('backups'))).toBe(false)
})
