import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { toFsPath } from '@varve/platform/file-name'
import { jsonLines, runHere } from '../run-here.ts'
import { mirrorScene, NAME_OF_BYTES, type Scene, STRANGE_NAME } from './scene.ts'

interface Kept extends Scene {
  /** Names of the two increments. */
  readonly first: string
  readonly second: string
}

/** A scene after two runs: the first has four tracked files, the second one that is new and one that went. */
async function twoIncrements(): Promise<Kept> {
  const scene = await mirrorScene()
  scene.write(`work/projects/${STRANGE_NAME}`, 'strange')
  scene.write(`work/projects/${NAME_OF_BYTES}`, 'bytes')
  await scene.mirror('run')
  rmSync(scene.at('work/projects/boat/main.py'))
  scene.write('work/projects/new.py', 'new')
  await scene.mirror('run')
  const [first = '', second = ''] = namesOf(scene)
  return { ...scene, first, second }
}

function namesOf({ at }: Scene): readonly string[] {
  const names = readdirSync(at('backups')).filter((name) => name.startsWith('backup_'))
  return names.toSorted((a, b) => a.length - b.length || a.localeCompare(b))
}

test('increments are validated, with and without reading them', async () => {
  const { at, mirror, first, second } = await twoIncrements()
  const whole = await mirror('validate')
  expect(whole).toMatchObject({ code: 0, err: '' })
  expect(whole.out).toBe(`${first}: whole, 4 files, 26 B read\n${second}: whole, 2 files, 11 B read\n`)
  expect((await mirror('validate', '--quick')).out).toContain(`${first}: whole, 4 files\n`)
  appendFileSync(at(`backups/${second}/track/projects/new.py`), 'er')
  const damaged = await mirror('validate')
  expect(damaged.code).toBe(1)
  expect(damaged.out).toContain(`${second}: 1 problem\n  track/projects/new.py: `)
  expect(damaged.err).toBe('Error: 1 increment is not whole\n')
  expect((await mirror('validate', '--backup', '1')).code).toBe(0)
  const told = jsonLines((await mirror('validate', '--json', '--backup', second)).out)
  expect(told.filter(({ whole: isWhole }) => isWhole !== undefined)).toMatchObject([{ name: second, whole: false }])
  expect((await mirror('validate', '--backup', 'backup_2001')).err).toContain("there is no increment 'backup_2001'")
  mkdirSync(at('empty'))
  expect((await mirror('validate', 'empty')).out).toBe(`There are no increments in ${at('empty')}.\n`)
})

test('metadata that is missing is made anew, and whole metadata only when that is asked for', async () => {
  const { at, mirror, first, second } = await twoIncrements()
  rmSync(at(`backups/${first}/${first}.json`))
  const dry = await mirror('recreate', '--dry-run')
  expect(dry.out).toContain(`${first}: made, `)
  expect(dry.out).toContain('This was a dry run: nothing was written.\n')
  expect(existsSync(at(`backups/${first}/${first}.json`))).toBe(false)
  const made = await mirror('recreate')
  expect(made).toMatchObject({ code: 0, err: '' })
  expect(made.out).toMatch(new RegExp(`^${first}: made, \\d entries\n${second}: whole, and kept\n$`))
  expect((await mirror('list')).code).toBe(0)
  expect((await mirror('list', '--detailed')).out).toMatch(new RegExp(`${first}.* recreate +\\?\n`))
  expect((await mirror('recreate', '--force', '--backup', '2')).out).toMatch(new RegExp(`^${second}: made anew, `))
  expect((await mirror('validate')).code).toBe(0)
})

test('an increment is deleted by name or number, and the others stay whole', async () => {
  const { at, mirror, first, second } = await twoIncrements()
  const dry = await mirror('delete', '1', '--dry-run')
  expect(dry.out).toContain(`${first}/track/projects/b\\xe9.txt  (5 B)\n`)
  expect(dry.out).toContain(`${first}: would delete it, with 4 files, and free `)
  expect(existsSync(at(`backups/${first}`))).toBe(true)
  for (const wrong of ['3', '2026-01-01', 'nonsense', '', '../work', 'backup_']) {
    expect(await mirror('delete', wrong)).toMatchObject({ code: 1, out: '' })
  }
  expect(namesOf({ at } as Scene)).toEqual([first, second])
  const deleted = await mirror('delete', first)
  expect(deleted).toMatchObject({ code: 0, err: '' })
  expect(deleted.out).toBe(`${first}: deleted it, with 4 files, and freed 0 B\n`)
  expect(existsSync(at(`backups/${first}`))).toBe(false)
  expect((await mirror('validate')).out).toContain(`${second}: whole`)
  expect((await mirror('delete', 'latest')).code).toBe(0)
  expect(readFileSync(at('backups/mirror/projects/new.py'), 'utf8')).toBe('new')
})

test('numbers mean what they meant before anything was deleted', async () => {
  const { at, write, mirror, second } = await twoIncrements()
  write('work/projects/third.py', 'third')
  await mirror('run')
  expect((await mirror('delete', '1', '3', '--json')).code).toBe(0)
  expect(namesOf({ at } as Scene)).toEqual([second])
})

test('files in an increment are deleted by masks', async () => {
  const { at, mirror, first, second } = await twoIncrements()
  const deleted = await mirror('delete', '2', '--mask', '*.py')
  expect(deleted.out).toBe(`${second}: deleted 2 files, and freed 0 B\n`)
  expect(existsSync(at(`backups/${second}/track/projects/new.py`))).toBe(false)
  expect(existsSync(at(`backups/${first}/track/projects/boat/main.py`))).toBe(true)
  expect((await mirror('validate')).code).toBe(0)
  const json = jsonLines((await mirror('delete', '1', '--mask', 'b?.txt', '--dry-run', '--json')).out)
  expect(json).toMatchObject([
    { message_type: 'file', increment: first, path: `projects/${NAME_OF_BYTES}`, frees: false },
    { message_type: 'summary', files: 1, whole_increment: false, dry_run: true },
  ])
})

test('a mirror becomes snapshots of a repository, and a snapshot becomes a mirror', async () => {
  const { at, mirror, first, second } = await twoIncrements()
  expect((await mirror('import', 'nowhere')).code).toBe(1)
  expect(existsSync(at('backups.db'))).toBe(false)
  const dry = await mirror('import', '--dry-run')
  expect(dry.out).toContain('Would make 3 snapshots; 0 there already.\n')
  expect(existsSync(at('backups.db'))).toBe(false)
  const imported = await mirror('import')
  expect(imported).toMatchObject({ code: 0, err: '' })
  expect(imported.out).toMatch(new RegExp(`${first} -> snapshot [0-9a-f]{8}\n${second} -> snapshot .*\nmirror -> `))
  expect((await mirror('import')).out).toBe('Made 0 snapshots; 3 there already.\n')
  const exported = await mirror('export', '1', 'exported')
  expect(exported).toMatchObject({ code: 0, err: '' })
  expect(exported.out).toMatch(/^Made .*exported\/mirror of snapshot [0-9a-f]{8}: 6 entries, 26 B\.\n$/)
  expect(readFileSync(toFsPath(at(`exported/mirror/projects/${NAME_OF_BYTES}`)), 'utf8')).toBe('bytes')
  expect((await mirror('export', '1', 'exported')).err).toContain('there is a mirror')
  expect((await mirror('export', '9', 'other')).code).toBe(1)
}, 120_000)

test('increments whose metadata was made anew are imported under the path that is named, or the mirror’s', async () => {
  const { at, mirror } = await twoIncrements()
  await mirror('recreate', '--force')
  expect((await mirror('import')).code).toBe(0)
  await mirror('import', '--db-path', at('named.db'), '--source', '/home/ann/work')
  const pathsIn = async (file: string): Promise<readonly unknown[]> => {
    const { out } = await runHere(['list', '--json', '--db-path', at(file)], { workingFolder: at('') })
    const [snapshots] = JSON.parse(`[${out}]`) as readonly (readonly { readonly paths: readonly string[] }[])[]
    return [...new Set(snapshots?.flatMap(({ paths }) => paths))]
  }
  expect(await pathsIn('backups.db')).toEqual([at('backups/mirror')])
  expect(await pathsIn('named.db')).toEqual(['/home/ann/work'])
}, 120_000)
