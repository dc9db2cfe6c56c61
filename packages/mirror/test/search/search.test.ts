import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { nameFromBytes } from '@varve/platform'
import { describe, expect, it } from 'vitest'
import { makeReadOnly, mountScratch, mountsMissing } from '../../../engine/test/storage/scratch-mount.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { searchIncrements, summarizeIncrements, type SearchResult } from '../../src/search/search.ts'
import type { SearchQuery } from '../../src/search/search-query.ts'
import { TestDestination, type PlantedTree } from '../history/destination.ts'

const NOT_UTF8 = nameFromBytes(Buffer.from([0x61, 0xff, 0x2e, 0x70, 0x79]))
const DAY = 86_400_000_000_000n
const TIME = BigInt(new Date(2026, 0, 1).getTime()) * 1_000_000n

const TREES: readonly PlantedTree[] = [
  {
    src: { type: 'dir' },
    'src/a.py': { type: 'file', content: 'x'.repeat(100), mtime: TIME },
    'src/b.md': { type: 'file', content: 'x'.repeat(5000), mtime: TIME + DAY },
    [NOT_UTF8]: { type: 'file', content: '', mtime: TIME + 2n * DAY },
    'new\nline.py': 'x',
  },
  { 'src/b.md': { type: 'file', content: 'new', mtime: TIME + 5n * DAY }, link: { type: 'symlink', target: 'a.py' } },
]

function makeDestination(): TestDestination {
  const destination = new TestDestination(join(scratchFolder(), 'dist'))
  for (const tree of TREES) destination.increment(tree)
  return destination
}

const paths = ({ found }: SearchResult): readonly (readonly string[])[] =>
  found.map(({ files }) => files.map(({ path, category }) => `${category}:${path}`))

const index = (destination: TestDestination): string => join(destination.path, '.varve-mirror', 'index.db')

async function search(destination: TestDestination): Promise<number> {
  return (await searchIncrements(destination.path, { masks: ['*.md'] })).found.length
}

describe('search', () => {
  it.each<readonly [SearchQuery, readonly (readonly string[])[]]>([
    [
      { masks: ['*.py'] },
      [
        [`track:${NOT_UTF8}`, 'track:new\nline.py', 'track:src/a.py'],
        [`deleted:${NOT_UTF8}`, 'deleted:new\nline.py', 'deleted:src/a.py'],
      ],
    ],
    [{ masks: ['*.py'], last: 1, path: 'src/' }, [['deleted:src/a.py']]],
    [{ size: '>100' }, [['track:src/b.md']]],
    [{ size: '100' }, [['track:src/a.py'], ['deleted:src/a.py']]],
    [{ size: '0', masks: ['[a]*'] }, [[`track:${NOT_UTF8}`], [`deleted:${NOT_UTF8}`]]],
    [{ time: '2026-01-02' }, [['track:src/b.md']]],
    [{ time: '>2026-01-06' }, [['track:src/b.md']]],
    [{ masks: ['nothing like it'] }, []],
    [{ last: 99, masks: ['link'] }, [['track:link']]],
  ])('%j', async (query, expected) => {
    const destination = makeDestination()
    for (const readOnly of [false, true, true]) {
      expect(paths(await searchIncrements(destination.path, query, { readOnly }))).toEqual(expected)
    }
  })

  it('tells sizes, times and hashes exactly', async () => {
    const { found } = await searchIncrements(makeDestination().path, { masks: ['*.md'], last: 1 })
    expect(found[0]?.files).toEqual([
      {
        path: 'src/b.md',
        category: 'track',
        type: 'file',
        size: 3,
        mtime: TIME + 5n * DAY,
        hash: '11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437',
      },
    ])
  })

  it('lists increments in short, in their order though a clock was set back', async () => {
    const destination = makeDestination()
    const late = destination.increment({}, new Date(2020, 0, 1))
    const { increments, problems } = await summarizeIncrements(destination.path)
    expect(problems).toEqual([])
    expect(increments.map(({ name }) => name)).toEqual(destination.names)
    expect(increments.at(-1)?.name).toBe(late)
    expect(increments[1]).toMatchObject({
      origin: 'varve',
      source: '/source',
      tracked: 2,
      trackedBytes: 3,
      deleted: 3,
      deletedBytes: 101,
    })
  })

  it('refuses a filter that makes no sense before it looks anywhere', async () => {
    const code = { code: 'ERR_VARVE_BAD_ARGUMENT' }
    await expect(searchIncrements('/nowhere/at/all', { size: 'big' })).rejects.toMatchObject(code)
    await expect(searchIncrements('/nowhere/at/all', {})).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
  })

  it('says which increments cannot be searched', async () => {
    const destination = makeDestination()
    writeFileSync(join(destination.folder(1), `${destination.names[0]}.json`), '{"version": "2.0"')
    const { found, problems } = await searchIncrements(destination.path, { masks: ['link'] })
    expect(found).toHaveLength(1)
    expect(problems).toEqual([{ path: destination.names[0], message: expect.stringContaining('damaged') }])
  })
})

describe('the index', () => {
  it.each<readonly [string, (path: string) => void]>([
    ['is missing', (path) => rmSync(path)],
    ['is empty', (path) => writeFileSync(path, '')],
    ['is no database', (path) => writeFileSync(path, 'x'.repeat(10_000))],
    ['is cut off', (path) => writeFileSync(path, readFileSync(path).subarray(0, 5000))],
    ['has damaged pages', (path) => writeFileSync(path, Buffer.from(readFileSync(path)).fill(0xa5, 4096))],
    [
      'is of another version',
      (path) => {
        const database = new DatabaseSync(path)
        database.exec('PRAGMA user_version = 99; DROP TABLE files')
        database.close()
      },
    ],
  ])('is made anew where it %s', async (_, damage) => {
    const destination = makeDestination()
    expect(await search(destination)).toBe(2)
    expect(existsSync(index(destination))).toBe(true)
    damage(index(destination))
    expect(await search(destination)).toBe(2)
    const database = new DatabaseSync(index(destination), { readOnly: true })
    expect(database.prepare('SELECT count(*) AS count FROM increments').get()).toMatchObject({ count: 2 })
    database.close()
  })

  it('follows increments that come, go and change', async () => {
    const destination = makeDestination()
    expect(await search(destination)).toBe(2)
    destination.increment({ 'another.md': '' })
    expect(await search(destination)).toBe(3)
    rmSync(destination.folder(1), { recursive: true })
    expect(await search(destination)).toBe(2)
    rmSync(join(destination.folder(3), `${destination.names[2]}.json`))
    expect(await search(destination)).toBe(1)
  })

  it('notices metadata whose size and time are as before', async () => {
    const destination = makeDestination()
    const metadata = join(destination.folder(1), `${destination.names[0]}.json`)
    utimesSync(metadata, 1, 1)
    expect(await search(destination)).toBe(2)
    writeFileSync(metadata, readFileSync(metadata, 'utf8').replace('b.md', 'b.mx'))
    utimesSync(metadata, 1, 1)
    expect((await searchIncrements(destination.path, {})).problems).toHaveLength(1)
  })

  it('is not needed', async () => {
    const destination = makeDestination()
    writeFileSync(join(destination.path, '.varve-mirror'), 'a file is in its place')
    expect(await search(destination)).toBe(2)
    expect(readFileSync(join(destination.path, '.varve-mirror'), 'utf8')).toBe('a file is in its place')
  })

  it('is not written where that is asked', async () => {
    const destination = makeDestination()
    await searchIncrements(destination.path, {}, { readOnly: true })
    expect(readdirSync(destination.path)).not.toContain('.varve-mirror')
  })

  it.skipIf(mountsMissing)('is not needed where it cannot be written, and used where it is up to date', async () => {
    const folder = await mountScratch('4m')
    const destination = new TestDestination(join(folder, 'dist'))
    for (const tree of TREES) destination.increment(tree)
    makeReadOnly(folder)
    expect(await search(destination)).toBe(2)
    expect(existsSync(index(destination))).toBe(false)
    execFileSync('mount', ['-o', 'remount,rw', folder])
    expect(await search(destination)).toBe(2)
    const rows = new DatabaseSync(index(destination))
    rows.exec("DELETE FROM files WHERE path = 'src/b.md' AND increment = 1")
    rows.close()
    makeReadOnly(folder)
    expect(await search(destination)).toBe(1)
  })

  it.skipIf(mountsMissing)('is not needed where there is no room for it', async () => {
    const folder = await mountScratch('64k')
    const destination = new TestDestination(join(folder, 'dist'))
    for (const tree of TREES) destination.increment(tree)
    try {
      writeFileSync(join(folder, 'filler'), Buffer.alloc(1 << 20))
    } catch {
      // It is full, as it should be.
    }
    expect(await search(destination)).toBe(2)
  })

  it('is never written through a link', async () => {
    const destination = makeDestination()
    const victim = join(scratchFolder(), 'victim')
    writeFileSync(victim, '')
    mkdirSync(join(destination.path, '.varve-mirror'))
    symlinkSync(victim, index(destination))
    expect(await search(destination)).toBe(2)
    expect(readFileSync(victim, 'utf8')).toBe('')
  })

  it('waits for nobody who has locked it', async () => {
    const destination = makeDestination()
    await search(destination)
    cpSync(destination.folder(2), join(destination.path, 'backup_20270101_000000'), { recursive: true })
    const other = new DatabaseSync(index(destination))
    other.exec('BEGIN EXCLUSIVE')
    expect(await search(destination)).toBe(3)
    other.close()
  }, 20_000)
})
