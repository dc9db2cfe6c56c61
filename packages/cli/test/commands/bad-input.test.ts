import { existsSync, readdirSync } from 'node:fs'
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openRepository, openStorage, type OpenRepository, shortId, withLock } from '@varve/engine'
import { expect, test } from 'vitest'
import { Sealer } from '../../../engine/src/repository/sealing.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { cheapRepository, jsonLines, makeRepository, type Run, runHere } from './run-here.ts'

const PASSWORD = { VARVE_PASSWORD: 'secret' }

/** A folder repository with one snapshot of a folder with two files; its password is `secret`. */
async function scene() {
  const folder = await temporaryFolder()
  const location = join(folder, 'repository')
  const source = join(folder, 'work')
  await mkdir(source)
  await writeFile(join(source, 'alpha'), 'content of alpha')
  await writeFile(join(source, 'beta'), 'content of beta')
  await makeRepository(location, 'secret')
  const varve = (...args: string[]): Promise<Run> =>
    runHere(['--repo', location, ...(args[0] === 'prune' ? [] : ['--no-lock']), ...args], {
      environment: PASSWORD,
      workingFolder: folder,
    })
  expect(await varve('snapshot', source, '-q')).toMatchObject({ code: 0 })
  return { folder, location, source, varve }
}

/** That a run failed with one line that says why, a hint or none, and no result. */
function expectFailure(run: Run, code: number, message: string): void {
  const [first = '', second = '', ...rest] = run.err.split('\n')
  expect(first).toBe(`Error: ${message}`)
  expect(second === '' || second.startsWith('Hint: ')).toBe(true)
  expect(rest.join('')).toBe('')
  expect(run.code).toBe(code)
}

async function withRepository(location: string, work: (repository: OpenRepository) => Promise<void>): Promise<void> {
  const repository = await openRepository({ storage: location, password: 'secret' })
  try {
    await work(repository)
  } finally {
    await repository.close()
  }
}

test('no repository: 10, and none is made', async () => {
  const folder = await temporaryFolder()
  for (const args of [['list'], ['check'], ['restore', '1', '-o', join(folder, 'out')], ['prune', '1'], ['unlock']]) {
    const run = await runHere(args, { workingFolder: folder })
    expectFailure(run, 10, 'there is no repository at backups.db in this folder')
    expect(run.err).toContain('varve snapshot FOLDER')
  }
  const location = join(folder, 'elsewhere')
  const run = await runHere(['--repo', location, 'snapshot', folder])
  expectFailure(run, 10, `there is no repository at ${location}`)
  expect(run.err).toContain(`varve init --repo ${location}`)
  expect(readdirSync(folder)).toEqual([])
})

test('something else where the repository should be: 10, with a word on what it is, and it is left alone', async () => {
  const folder = await temporaryFolder()
  const file = join(folder, 'notes')
  await writeFile(file, 'not a database')
  await makeRepository(join(folder, 'beheaded'), 'secret')
  await rm(join(folder, 'beheaded/config'))
  const cases = [
    [['--db-path', folder], 'is no file, where a database was expected'],
    [['--db-path', file], 'is no database'],
    [['--repo', folder], 'is a folder, but not a repository'],
    [['--repo', join(folder, 'beheaded')], 'its config is missing'],
  ] as const
  for (const [where, reason] of cases) {
    const run = await runHere([...where, 'list'], { environment: PASSWORD, workingFolder: folder })
    expect(run).toMatchObject({ code: 10, out: '' })
    expect(run.err).toMatch(/^Error: there is no repository at .*\nHint: /)
    expect(run.err).toContain(reason)
    expect(run.err).not.toMatch(/varve (init|snapshot)/)
  }
  expect(await readFile(file, 'utf8')).toBe('not a database')
  expect(readdirSync(folder).toSorted()).toEqual(['beheaded', 'notes'])
})

test('a source that does not exist: 1, and no repository is made for it', async () => {
  const folder = await temporaryFolder()
  const missing = join(folder, 'missing')
  const file = join(folder, 'file')
  await writeFile(file, '')
  const run = (...args: string[]): Promise<Run> => runHere(['snapshot', ...args], { workingFolder: folder })
  expectFailure(await run(missing), 1, `'${missing}' does not exist`)
  expectFailure(await run('--target-directory', missing), 1, `Target directory '${missing}' does not exist`)
  expectFailure(await run('--target-directory', file), 1, `'${file}' is not a directory`)
  expectFailure(await run(), 1, 'nothing to save was named')
  expectFailure(await run('--stdin', file), 1, '--stdin saves standard input and nothing else')
  expect((await run('--files-from', missing)).err).toContain('cannot read the list of sources')
  expect((await run(file, '--exclude-file', missing)).err).toContain('cannot read patterns')
  expect(readdirSync(folder)).toEqual(['file'])
})

test('some sources that do not exist: 3, and the others are saved', async () => {
  const { folder, source, varve } = await scene()
  const missing = join(folder, 'missing')
  const run = await varve('snapshot', source, missing)
  expect(run.code).toBe(3)
  expect(run.err).toContain(`Error: ${missing}: `)
  expect(run.out).toContain('Snapshot 2 created, but not everything could be read.')
  const json = await varve('snapshot', source, missing, '--json')
  expect(jsonLines(json.err)).toEqual([
    expect.objectContaining({ message_type: 'error', item: missing }),
    expect.objectContaining({ message_type: 'exit_error', code: 3 }),
  ])
  expect(jsonLines(json.out).at(-1)).toMatchObject({ message_type: 'summary', snapshot_number: 3 })
})

test('the wrong password, or none: 12 or a word on how to give it', async () => {
  const { folder, location } = await scene()
  const db = join(folder, 'own.db')
  await makeRepository(`sqlite:${db}`, 'secret')
  const wrong = await runHere(['--repo', location, 'list'], { environment: { VARVE_PASSWORD: 'hunter2' } })
  expect(wrong.code).toBe(12)
  expect(wrong.err).toContain(location)
  expect(wrong.err).not.toContain('hunter2')
  expect((await runHere(['--repo', location, 'list', '--insecure-no-password'])).code).toBe(12)
  const file = join(folder, 'password')
  await writeFile(file, 'hunter2')
  expect((await runHere(['--db-path', db, '-p', file, 'check'])).code).toBe(12)
  const json = await runHere(['--db-path', db, '-p', file, 'check', '--json'])
  expect(JSON.parse(json.err)).toMatchObject({ message_type: 'exit_error', code: 12 })
})

test('a repository of a later version, or with a damaged config: 1', async () => {
  const { location, varve } = await scene()
  await withRepository(location, async ({ config, key, storage }) => {
    const later = { version: 3, id: config.id, chunker_polynomial: config.chunkerPolynomial.toString(16) }
    await storage.save('config', '', new Sealer(key).seal(Buffer.from(JSON.stringify(later))))
  })
  const run = await varve('list')
  expect(run.code).toBe(1)
  expect(run.err).toMatch(/^Error: .*version 3/)
  const config = join(location, 'config')
  await chmod(config, 0o600)
  for (const bytes of ['', 'rubbish', Buffer.alloc(200)]) {
    await writeFile(config, bytes)
    const damaged = await varve('snapshot', location)
    expect(damaged.code).toBe(1)
    expect(damaged.err).toMatch(/^Error: .*config/)
    expect(damaged.err).not.toMatch(/^ +at /m)
  }
})

test('a snapshot that does not exist or is ambiguous: 1, and nothing is touched', async () => {
  const { folder, location, varve } = await scene()
  const out = join(folder, 'out')
  expectFailure(await varve('restore', '9', '-o', out), 1, 'Snapshot 9 does not exist')
  expectFailure(await varve('restore', '--snapshot-number', '0', '-o', out), 1, 'Snapshot 0 does not exist')
  expectFailure(await varve('restore', 'nonsense', '-o', out), 1, "there is no snapshot 'nonsense'")
  expectFailure(await varve('restore', '-o', out), 1, 'no snapshot is named')
  expectFailure(await varve('restore', '1', '--snapshot-number', '1', '-o', out), 1, 'two snapshots are named')
  expectFailure(await varve('restore', '1'), 1, 'no folder to restore to is named')
  expect((await varve('restore', '1:/no/such/path', '-o', out)).err).toContain("'/no/such/path' is not in the snapshot")
  expect(existsSync(out)).toBe(false)
  // Some two of eight ids begin with the same letter, or with the same digit, which alone is a number.
  const ids: string[] = []
  await withRepository(location, async (repository) => {
    const [first] = await repository.snapshots()
    if (first === undefined) throw new Error('there is a snapshot')
    const { id, ...content } = first
    ids.push(id)
    while (ambiguousLetter(ids) === undefined) {
      ids.push(await repository.saveSnapshot({ ...content, description: String(ids.length) }))
    }
  })
  const letter = ambiguousLetter(ids) ?? ''
  const ambiguous = await varve('prune', '1', letter)
  expect(ambiguous.code).toBe(1)
  expect(ambiguous.err).toMatch(new RegExp(`^Error: '${letter}' is the beginning of \\d+ snapshot ids`))
  expectFailure(await varve('prune', '1', String(ids.length + 1)), 1, `Snapshot ${ids.length + 1} does not exist`)
  expectFailure(await varve('prune', '1:/work'), 1, "'1:/work' names a part of a snapshot")
  const [left] = jsonLines((await varve('list', '--json')).out) as unknown as [readonly unknown[]]
  expect(left).toHaveLength(ids.length)
})

function ambiguousLetter(ids: readonly string[]): string | undefined {
  return ['a', 'b', 'c', 'd', 'e', 'f'].find((letter) => ids.filter((id) => id.startsWith(letter)).length > 1)
}

test('digits are a number, even where an id starts with them', async () => {
  const { location, varve } = await scene()
  let digit = ''
  let count = 1
  await withRepository(location, async (repository) => {
    const [first] = await repository.snapshots()
    if (first === undefined) throw new Error('there is a snapshot')
    const { id: _, ...content } = first
    // Ids are as good as random: soon one starts with a number that the list does not reach.
    while (digit === '') {
      const id = await repository.saveSnapshot({ ...content, description: String(count) })
      count++
      const [, number = ''] = /^([1-9]\d?\d?)/.exec(id) ?? []
      if (Number(number) > count) digit = number
    }
  })
  const { code, err } = await varve('prune', digit)
  expect(code).toBe(1)
  expect(err).toContain(`Snapshot ${digit} does not exist`)
})

test('a target that is a file, or inside one: 1', async () => {
  const { folder, varve } = await scene()
  const file = join(folder, 'file')
  await writeFile(file, 'precious')
  for (const target of [file, join(file, 'below')]) {
    const run = await varve('restore', '1', '-o', target)
    expect(run.code).toBe(1)
    expect(run.err).toContain(file)
    expect(run.err).not.toMatch(/^ +at /m)
  }
  expect(await readFile(file, 'utf8')).toBe('precious')
})

test('missing and wrong content: check names the files, restore fails and restores the rest', async () => {
  const { folder, location, source, varve } = await scene()
  const storage = await openStorage(location)
  const packs = await storage.list('pack')
  await storage.close()
  const sizes = new Map(packs.map(({ name, size }) => [name, size]))
  // The data pack holds two small blobs and is the only one whose bytes can go without losing the folders.
  await withRepository(location, async (repository) => {
    const { index } = await repository.loadIndex()
    const dataPacks = index.packs().filter((pack) => pack.blobs.every(({ type }) => type === 'data'))
    for (const { id } of dataPacks) {
      const path = join(location, 'data', id.slice(0, 2), id)
      await chmod(path, 0o600)
      const bytes = await readFile(path)
      bytes[10] = (bytes[10] ?? 0) ^ 1
      await writeFile(path, bytes)
      expect(sizes.get(id)).toBe(bytes.length)
    }
  })
  const structure = await varve('check')
  expect(structure.code).toBe(0)
  expect(structure.out).not.toContain('All file content is valid.')
  const read = await varve('check', '--read-data')
  expect(read.code).toBe(1)
  expect(read.out).toContain('Database integrity check FAILED. Corrupted content detected.')
  expect(read.out).toMatch(/Found \d+ corrupted items?:/)
  expect(read.out).toMatch(new RegExp(`Snapshot 1 \\(.*\\): ${source}/(alpha|beta)`))
  expect(read.err).toMatch(/^Error: the repository is damaged: \d+ problems?\n$/)
  const out = join(folder, 'out')
  const restored = await varve('restore', '1', '-o', out)
  expect(restored.code).toBe(1)
  expect(restored.err).toMatch(/^Error: \S+(alpha|beta): /)
  expect(restored.out).not.toMatch(/restored to \S+$/m)
  await rm(join(location, 'data'), { recursive: true })
  await mkdir(join(location, 'data'))
  const missing = await varve('check')
  expect(missing.code).toBe(1)
  expect(missing.out).toContain('Database integrity check FAILED.')
  const json = jsonLines((await varve('check', '--json')).out)
  expect(json.at(-1)).toMatchObject({ message_type: 'summary' })
  expect(json.filter(({ message_type: type }) => type === 'error').length).toBeGreaterThan(0)
})

test('locked: 11, until it is not any more', async () => {
  const { location, source } = await scene()
  const varve = (...args: string[]): Promise<Run> => runHere(['--repo', location, ...args], { environment: PASSWORD })
  await withRepository(location, (repository) =>
    withLock(repository, { exclusive: true }, async () => {
      const run = await varve('snapshot', source)
      expect(run.code).toBe(11)
      expect(run.err).toMatch(/^Error: .*lock/)
      expect((await varve('prune', '--retry-lock', '10ms')).code).toBe(11)
      expect((await varve('snapshot', source, '--no-lock')).code).toBe(0)
    }),
  )
  expect((await varve('prune', '2')).code).toBe(0)
})

test.each([
  [['snapshot', '.', '--time', 'noon']],
  [['snapshot', '.', '--exclude-larger-than', 'huge']],
  [['snapshot', '.', '--group-by', 'moon']],
  [['snapshot', '.', '--retry-lock', '5']],
  [['snapshot', '.', '--db-path', '']],
  [['list', '--repo', 'rest:https://user:password@host/']],
  [['snapshot', '--stdin', '--stdin-filename', '/']],
  [['snapshot', '.', '--compression', 'most']],
  [['list', '--latest', '0']],
  [['check', '--read-data-subset', '9/3']],
  [['check', '--read-data', '--read-data-subset', '1/3']],
  [['prune', '--max-unused', '100%']],
  [['prune', '1', '--no-lock']],
  [['init', '--repository-version', '3']],
  [['restore', '1', '-o', 'a', '-t', 'b']],
])('%j makes no sense: 1, before anything is opened or made', async (args) => {
  const folder = await temporaryFolder()
  const run = await runHere(args, { workingFolder: folder })
  expect(run).toMatchObject({ code: 1, out: '' })
  expect(run.err).toMatch(/^Error: .+\n(?:Hint: .+\n)?$/)
  expect(run.err).not.toContain('user:password')
  expect(readdirSync(folder)).toEqual([])
})

test('a value in the environment that makes no sense: 1', async () => {
  const { location } = await scene()
  const run = await runHere(['list', '--repo', location], { environment: { ...PASSWORD, VARVE_COMPRESSION: 'most' } })
  expect(run.code).toBe(1)
  expect(run.err).toContain("'most' is no compression")
})

test('init makes a repository once, and copies where another one cuts', async () => {
  const folder = await temporaryFolder()
  const first = await cheapRepository(join(folder, 'first'), 'secret')
  await first.close()
  const second = join(folder, 'second')
  const init = (...args: string[]): Promise<Run> =>
    runHere(['init', '--repo', second, ...args], { environment: { ...PASSWORD, VARVE_FROM_PASSWORD: 'secret' } })
  const made = await init('--from', join(folder, 'first'), '--json', '--repository-version', '1')
  expect(JSON.parse(made.out)).toMatchObject({ message_type: 'initialized', repository: second })
  await withRepository(second, async ({ config }) => {
    expect(config).toMatchObject({ version: 1, chunkerPolynomial: first.config.chunkerPolynomial })
  })
  expect((await init()).err).toMatch(/^Error: .*already/)
  expect((await init('--from', join(folder, 'third'))).code).toBe(10)
  await symlink(second, join(folder, 'link'))
  expect((await runHere(['list', '--repo', join(folder, 'link')], { environment: PASSWORD })).code).toBe(0)
})

test('names of snapshots, hosts and files cannot control the terminal', async () => {
  const { source, varve } = await scene()
  expect((await varve('snapshot', source, '--exclude', '[a-')).err).toContain('[a-')
  const name = 'evil\u001B[2Jname\n\u202E'
  await writeFile(join(source, name), 'x')
  const saved = await varve(
    'snapshot',
    source,
    '-v',
    '--host',
    'h\u0007ost',
    '--tag',
    't\u009Bag',
    '--description',
    'a\rb',
  )
  const list = await varve('list')
  for (const { out, err } of [saved, list]) {
    // oxlint-disable-next-line no-control-regex -- that is what must not be there
    expect(out + err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  }
  expect(saved.out).toContain(String.raw`evil\x1b[2Jname\n\u202e`)
  expect(list.out).toContain(String.raw`h\x07ost`)
})

test('a snapshot can be named by as many digits of its id as the list shows', async () => {
  const { location, varve } = await scene()
  let id = ''
  await withRepository(location, async (repository) => {
    const [first] = await repository.snapshots()
    id = first === undefined ? '' : shortId(first.id)
  })
  expect((await varve('prune', id, '--dry-run')).out).toContain('Would remove snapshot 1.')
})
