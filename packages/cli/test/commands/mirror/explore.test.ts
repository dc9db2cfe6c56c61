import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { toFsPath } from '@varve/platform/file-name'
import { jsonLines, runHere } from '../run-here.ts'
import { mirrorScene, NAME_OF_BYTES, type Scene, STRANGE_NAME } from './scene.ts'

/** A scene after two runs: in the second, `main.py` went and `new.py` came. */
async function twoIncrements(): Promise<Scene> {
  const scene = await mirrorScene()
  scene.write(`work/projects/${STRANGE_NAME}`, 'strange')
  scene.write(`work/projects/${NAME_OF_BYTES}`, 'bytes')
  await scene.mirror('run')
  rmSync(scene.at('work/projects/boat/main.py'))
  scene.write('work/projects/new.py', 'new')
  scene.write('work/projects/README.md', '# a boat')
  await scene.mirror('run')
  return scene
}

test('increments are listed, of a folder that is named, configured, or here', async () => {
  const { folder, at, mirror } = await twoIncrements()
  const listed = await mirror('list')
  expect(listed).toMatchObject({ code: 0, err: '' })
  expect(listed.out).toMatch(
    /^NUMBER {2}INCREMENT .*\n-+\n +1 {2}backup_\d{8}_\d{6} .* 4 +0 .*\n +2 {2}backup_.* 2 +1 /,
  )
  for (const args of [
    ['list', 'backups'],
    ['list', '--dist', 'backups'],
    ['list', at('backups')],
  ]) {
    expect((await mirror(...args)).out).toBe(listed.out)
  }
  expect((await mirror('list', '--detailed')).out).toContain(`varve    ${at('work')}`)
  const [json] = jsonLines((await mirror('list', '--json')).out)
  expect(json).toMatchObject([
    { number: 1, tracked: 4, deleted: 0, source: at('work') },
    { number: 2, deleted: 1 },
  ])
  expect((await mirror('list', 'backups', '--profile', 'x')).err).toContain('more than one mirror is named')
  expect((await mirror('list', 'nowhere')).code).toBe(1)
  expect((await mirror('list', '--dist', '')).err).toContain('the name of the folder is empty')
  expect((await mirror('list', 'work')).out).toBe(`There are no increments in ${folder}/work.\n`)
  rmSync(at('mirror.toml'))
  const unnamed = await mirror('list')
  expect(unnamed.err).toContain('there is no configuration')
  expect(unnamed.err).toContain('Hint: name the folder that holds mirror/')
  expect((await runHere(['mirror', 'list'], { workingFolder: at('backups') })).out).toBe(listed.out)
})

test('what is in an increment is shown', async () => {
  const { mirror } = await twoIncrements()
  const shown = await mirror('show', 'latest')
  expect(shown).toMatchObject({ code: 0, err: '' })
  const lines = shown.out.split('\n')
  expect(lines.some((line) => /^new +3 B .* projects\/new\.py$/.test(line))).toBe(true)
  expect(lines.some((line) => /^changed +8 B .* projects\/README\.md$/.test(line))).toBe(true)
  expect(lines.some((line) => /^deleted +8 B .* projects\/boat\/main\.py$/.test(line))).toBe(true)
  expect((await mirror('show', '2')).out).toBe(shown.out)
  const entries = jsonLines((await mirror('show', '1', '--json')).out)
  expect(entries.map(({ path }) => path)).toContain(`projects/${STRANGE_NAME}`)
  expect(entries.at(-1)).toMatchObject({ message_type: 'summary', total_bytes: 26 })
  expect((await mirror('show', '3')).err).toContain("there is no increment '3'")
  expect((await mirror('show', '2001-01-01')).code).toBe(1)
})

test('a search has several masks, sizes and times', async () => {
  const { mirror } = await twoIncrements()
  const paths = async (...args: readonly string[]): Promise<readonly string[]> => {
    const [found] = jsonLines((await mirror('search', ...args, '--json')).out)
    return Object.values(found ?? {}).flatMap((increment) =>
      (increment as { readonly files: readonly { readonly path: string }[] }).files.map(({ path }) => path),
    )
  }
  expect(await paths('--mask', '*.py')).toEqual(['projects/boat/main.py', 'projects/boat/main.py', 'projects/new.py'])
  expect(await paths('--mask', '*.py', '--mask', '[QR]*', '--last-backups', '1')).toEqual([
    'projects/README.md',
    'projects/boat/main.py',
    'projects/new.py',
  ])
  expect(await paths('--mask', 'boat')).toHaveLength(2)
  expect(await paths('--size', '<4')).toEqual(['projects/new.py'])
  expect(await paths('--size', '8-1K', '--path', 'projects/R')).toEqual(['projects/README.md'])
  expect(await paths('--time', '2001-01-01..2001-02-01')).toEqual([])
  for (const args of [
    ['--size', 'large'],
    ['--time', 'yesterday'],
    ['--last-backups', '0'],
    ['--mask', ''],
  ]) {
    expect((await mirror('search', ...args)).code).toBe(1)
  }
})

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

test('what a search finds has many forms, each of which any name survives', async () => {
  const { at, mirror } = await twoIncrements()
  const strange = `projects/${STRANGE_NAME}`
  const table = await mirror('search')
  expect(table.out).toContain('projects/it\'s "$(touch hit)" `x`;\\n\\|*,\\x1b[31m.txt\n')
  expect(table.out).toContain('projects/b\\xe9.txt\n')
  expect(table.out).toMatch(/TOTAL.* 7 files\n$/)
  expect((await mirror('search', '--mask', 'nothing like it')).out).toBe('Nothing was found.\n')

  const markdown = (await mirror('search', '--markdown')).out.trimEnd().split('\n')
  expect(markdown).toHaveLength(2 + 7)
  expect(markdown.every((line) => line.replaceAll('\\|', '').split('|').length === 7)).toBe(true)

  const csv = (await mirror('search', '--csv', '--mask', "it's")).out
  const [name = ''] = (await mirror('search', '--json', '--mask', "it's")).out.match(/backup_\d+_\d+/) ?? []
  const full = at(`backups/${name}/track/${strange}`)
  expect(csv.startsWith('increment,category,path,size,modified,sha256,full_path\n')).toBe(true)
  expect(csv).toContain(`\n${name},track,${quoted(strange)},7,`)
  expect(csv.endsWith(`,${quoted(full)}\n`)).toBe(true)

  expect((await mirror('search', '--full-paths', '--mask', "it's")).out).toBe(`${full}\n`)
  const ended = (await mirror('search', '--full-paths', '--null')).out.split('\0')
  expect(ended).toHaveLength(7 + 1)
  expect(ended.some((path) => path.endsWith('/b\xe9.txt'))).toBe(true)
  expect((await mirror('search', '--csv', '--markdown')).err).toContain('--csv and --markdown exclude each other')
  expect((await mirror('search', '--csv', '--json')).err).toContain('--csv and --json exclude each other')
  expect((await mirror('search', '--null')).err).toContain('--null goes with --full-paths')
})

test('a search makes a script that copies what it found', async () => {
  const { at, folder, mirror } = await twoIncrements()
  const script = await mirror('search', '--mask', '*.txt', '--generate-script')
  expect(script).toMatchObject({ code: 0, err: '' })
  writeFileSync(at('copy.sh'), Buffer.from(script.out, 'latin1'))
  execFileSync('sh', ['copy.sh', 'found'], { cwd: folder })
  const [name = ''] = /backup_\d+_\d+/.exec((await mirror('list')).out) ?? []
  expect(readFileSync(at(`found/${name}/projects/${STRANGE_NAME}`), 'utf8')).toBe('strange')
  expect(readFileSync(toFsPath(at(`found/${name}/projects/${NAME_OF_BYTES}`)), 'utf8')).toBe('bytes')
  expect(existsSync(at('hit'))).toBe(false)
})

test('the tracked tree is restored as of an increment', async () => {
  const { at, write, mirror } = await twoIncrements()
  const dry = await mirror('restore', '1', '-o', 'restored', '--dry-run')
  expect(dry.out).toContain('write    projects/boat/main.py  (8 B)\n')
  expect(dry.out).toContain('This was a dry run: nothing was written.')
  const restored = await mirror('restore', '1', '-o', 'restored')
  expect(restored).toMatchObject({ code: 0, err: '' })
  expect(restored.out).toMatch(
    /^Restored 4 files \(26 B\) and 2 folders, 0 links to restored, as of backup_\d+_\d+\.\n$/,
  )
  expect(readFileSync(at('restored/projects/boat/main.py'), 'utf8')).toBe('print(1)')
  expect(readFileSync(at('restored/projects/README.md'), 'utf8')).toBe('# boat')
  expect(readFileSync(toFsPath(at(`restored/projects/${NAME_OF_BYTES}`)), 'utf8')).toBe('bytes')

  expect((await mirror('restore', 'latest', '-o', 'second')).code).toBe(0)
  cpSync(at('work/projects'), at('expected'), { recursive: true })
  execFileSync('diff', ['-r', at('expected'), at('second/projects')])
  const again = await mirror('restore', 'latest', '-o', 'second')
  expect(again.code).toBe(1)
  expect(again.err).toContain("is in '")
  write('second/projects/new.py', 'other')
  expect((await mirror('restore', 'latest', '-o', 'second', '--overwrite')).code).toBe(0)
  expect(readFileSync(at('second/projects/new.py'), 'utf8')).toBe('new')

  const part = await mirror('restore', '1', '-o', 'part', '--path', 'projects/boat/', '--json')
  expect(jsonLines(part.out)).toMatchObject([{ message_type: 'summary', files_restored: 1, problems: 0 }])
  expect((await mirror('restore', '1', '-o', 'x', '--path', 'nowhere')).err).toContain('was tracked then')
  expect((await mirror('restore', '1')).err).toContain('name it with -o FOLDER')
  expect((await mirror('restore', '1', '-o', 'backups/x')).code).toBe(1)
})

test('a damaged increment is told, and does not hide the others', async () => {
  const { at, mirror } = await twoIncrements()
  const [first = ''] = (await mirror('list')).out.match(/backup_\d+_\d+/) ?? []
  writeFileSync(at(`backups/${first}/${first}.json`), '{ nonsense')
  const listed = await mirror('list')
  expect(listed.code).toBe(1)
  expect(listed.err).toContain(`Error: ${first}: `)
  expect(listed.err).toContain('the metadata of 1 increment cannot be used')
  expect(listed.out).toMatch(/^ +1 {2}backup_/m)
  expect((await mirror('search', '--mask', 'new.py')).out).toContain('projects/new.py')
})
