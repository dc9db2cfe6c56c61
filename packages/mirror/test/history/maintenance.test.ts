import {
  appendFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { nameFromBytes, toFsPath } from '@varve/platform'
import { describe, expect, it } from 'vitest'
import { makeReadOnly, mountScratch, mountsMissing } from '../../../engine/test/storage/scratch-mount.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { FileSteps } from '../../src/disk/file-steps.ts'
import { deleteFiles, deleteIncrement } from '../../src/history/delete-increment.ts'
import { findIncrement, loadHistory } from '../../src/history/history.ts'
import { recreateMetadata } from '../../src/history/recreate.ts'
import { planMirrorRestore } from '../../src/history/restore-plan.ts'
import { treeAt } from '../../src/history/tree-at.ts'
import { validateIncrement } from '../../src/history/validate.ts'
import { listIncrements } from '../../src/increment/list-increments.ts'
import { searchIncrements } from '../../src/search/search.ts'
import { entriesOf, plant, scanTree, TestDestination, type PlantedTree } from './destination.ts'

const ODD = nameFromBytes(Buffer.from([0x6f, 0xff, 0x0a, 0x27]))

const TREES: readonly PlantedTree[] = [
  { 'src/a.py': 'aaaa', 'src/b.md': 'bb', [ODD]: 'odd', 'x.py': 'x' },
  { 'src/a.py': 'AAAA', [ODD]: 'odd', 'new.md': '' },
]

function makeDestination(): TestDestination {
  const destination = new TestDestination(join(scratchFolder(), 'dist'))
  for (const tree of TREES) destination.increment(tree)
  return destination
}

function nameOf(destination: TestDestination, number: number): string {
  return destination.names[number - 1] ?? ''
}

function metadataOf(destination: TestDestination, number: number): string {
  return join(destination.folder(number), `${nameOf(destination, number)}.json`)
}

function refusal(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'done',
    (error: { readonly code: unknown }) => error.code,
  )
}

describe('validate', () => {
  it('finds nothing wrong with a whole increment, wherever it lies', async () => {
    const destination = makeDestination()
    const elsewhere = join(scratchFolder(), nameOf(destination, 1))
    cpSync(destination.folder(1), elsewhere, { recursive: true, preserveTimestamps: true })
    rmSync(destination.path, { recursive: true })
    const result = await validateIncrement(elsewhere)
    expect(result).toMatchObject({ findings: [], filesChecked: 4, bytesRead: 10, filesWithoutHash: 0 })
  })

  it.each<readonly [string, string, (folder: string) => void]>([
    ['missing', 'track/src/a.py', (folder) => rmSync(join(folder, 'track/src/a.py'))],
    ['missing', 'track/src/a.py', (folder) => rmSync(join(folder, 'track/src'), { recursive: true })],
    ['extra', 'track/src/more', (folder) => plant(`${folder}/track/src/more`, '')],
    ['extra', 'deleted/more', (folder) => plant(`${folder}/deleted/more`, '')],
    ['extra', 'track/empty', (folder) => mkdirSync(join(folder, 'track/empty'))],
    ['extra', 'notes.txt', (folder) => writeFileSync(join(folder, 'notes.txt'), '')],
    ['size', 'track/src/a.py', (folder) => appendFileSync(join(folder, 'track/src/a.py'), '+')],
    ['time', 'track/src/a.py', (folder) => utimesSync(join(folder, 'track/src/a.py'), 1, 1)],
    [
      'hash',
      'track/src/a.py',
      (folder): void => {
        const { atime, mtime } = statSync(join(folder, 'track/src/a.py'))
        writeFileSync(join(folder, 'track/src/a.py'), 'aaab')
        utimesSync(join(folder, 'track/src/a.py'), atime, mtime)
      },
    ],
    [
      'kind',
      'track/src/a.py',
      (folder): void => {
        rmSync(join(folder, 'track/src/a.py'))
        symlinkSync('b.md', join(folder, 'track/src/a.py'))
      },
    ],
    [
      'missing',
      'track/src/a.py',
      (folder): void => {
        renameSync(join(folder, 'track/src'), join(folder, '..', 'src'))
        symlinkSync('../../src', join(folder, 'track/src'))
      },
    ],
    [
      'metadata',
      '',
      (folder) => rmSync(join(folder, readdirSync(folder).find((name) => name.endsWith('.json')) ?? '')),
    ],
  ])('finds %s: %s', async (kind, path, damage) => {
    const destination = makeDestination()
    damage(destination.folder(1))
    const { findings } = await validateIncrement(destination.folder(1))
    expect(findings).toContainEqual({ path, kind, message: expect.any(String) })
  })

  it('stops when asked while it reads many small files', async () => {
    const destination = new TestDestination(join(scratchFolder(), 'dist'))
    destination.increment(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`file ${i}`, 'x'])))
    const stopping = new AbortController()
    let reports = 0
    const onProgress = (): void => {
      if (reports++ === 0) setImmediate(() => stopping.abort())
    }
    const { signal } = stopping
    const work = async (): Promise<void> => {
      // However fast this machine is, it is not done before timers have their turn.
      for (;;) await validateIncrement(destination.folder(1), { signal, onProgress })
    }
    expect(await refusal(work())).toBe('ERR_VARVE_ABORTED')
  })

  it('leaves contents unread where that is asked', async () => {
    const destination = makeDestination()
    expect(await validateIncrement(destination.folder(1), { readsContent: false })).toMatchObject({ bytesRead: 0 })
  })
})

describe('recreate', () => {
  it('rebuilds metadata from the files, so that all else works with it', async () => {
    const destination = makeDestination()
    for (const number of [1, 2]) rmSync(metadataOf(destination, number))
    for (const name of destination.names) {
      expect(await recreateMetadata(destination.path, name)).toMatchObject({ name, outcome: 'made' })
      expect(await validateIncrement(join(destination.path, name))).toMatchObject({ findings: [] })
    }
    const { found } = await searchIncrements(destination.path, { masks: ['*.py'] })
    expect(found.map(({ files }) => files.map(({ path }) => path))).toEqual([
      ['src/a.py', 'x.py'],
      ['src/a.py', 'x.py'],
    ])
    const history = await loadHistory(destination.path, undefined)
    for (const [index, tree] of TREES.entries()) {
      const { entries, doubts } = treeAt(history, findIncrement(history.increments, String(index + 1)))
      expect(entries.filter(({ state }) => state.type === 'file')).toEqual(entriesOf(tree))
      expect(doubts).toEqual([])
    }
  })

  it('replaces what is damaged, what is whole only when asked, and keeps either beside it', async () => {
    const destination = makeDestination()
    const metadata = metadataOf(destination, 1)
    const before = readFileSync(metadata)
    expect((await recreateMetadata(destination.path, nameOf(destination, 1))).outcome).toBe('kept')
    expect(readFileSync(metadata)).toEqual(before)
    expect(
      await recreateMetadata(destination.path, nameOf(destination, 1), { force: true, dryRun: true }),
    ).toMatchObject({ outcome: 'replaced' })
    expect(readFileSync(metadata)).toEqual(before)
    expect((await recreateMetadata(destination.path, nameOf(destination, 1), { force: true })).outcome).toBe('replaced')
    expect(readFileSync(join(destination.folder(1), 'replaced-metadata-1.json'))).toEqual(before)
    writeFileSync(metadata, 'damaged')
    expect((await recreateMetadata(destination.path, nameOf(destination, 1))).outcome).toBe('replaced')
    expect(readFileSync(join(destination.folder(1), 'replaced-metadata-2.json'), 'utf8')).toBe('damaged')
    expect((await validateIncrement(destination.folder(1))).findings).toEqual([])
  })

  it('leaves alone what a later version wrote', async () => {
    const destination = makeDestination()
    const later = readFileSync(metadataOf(destination, 1), 'utf8').replace('"2.0"', '"3.0"')
    writeFileSync(metadataOf(destination, 1), later)
    expect((await recreateMetadata(destination.path, nameOf(destination, 1))).outcome).toBe('kept')
  })

  it('is only for increments', async () => {
    const destination = makeDestination()
    for (const name of ['mirror', '..', 'backup_20300101_000000']) {
      await expect(recreateMetadata(destination.path, name)).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
    }
  })
})

describe('delete', () => {
  it('deletes an increment and harms no other', async () => {
    const destination = makeDestination()
    const name = nameOf(destination, 1)
    const planned = await deleteIncrement(destination.path, name, { dryRun: true })
    expect(existsSync(destination.folder(1))).toBe(true)
    const deletion = await deleteIncrement(destination.path, name)
    expect(deletion).toEqual(planned)
    expect(deletion.files.map(({ path }) => path)).toEqual(
      [ODD, 'src/a.py', 'src/b.md', 'x.py'].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    )
    expect(existsSync(destination.folder(1))).toBe(false)
    expect((await validateIncrement(destination.folder(2))).findings).toEqual([])
    expect(readFileSync(toFsPath(join(destination.path, 'mirror', ODD)), 'utf8')).toBe('odd')
  })

  it('deletes files, and still tells what they were', async () => {
    const destination = makeDestination()
    const name = nameOf(destination, 1)
    const planned = await deleteFiles(destination.path, name, ['*.py'], { dryRun: true })
    expect(planned.files.map(({ path }) => path)).toEqual(['src/a.py', 'x.py'])
    expect(await deleteFiles(destination.path, name, ['*.py'])).toEqual(planned)
    expect(scanTree(join(destination.folder(1), 'track')).map(({ path }) => path)).not.toContain('x.py')
    expect((await validateIncrement(destination.folder(1))).findings).toEqual([])
    expect((await searchIncrements(destination.path, { masks: ['*.py'] })).found).toHaveLength(1)
    const history = await loadHistory(destination.path, undefined)
    const increment = findIncrement(history.increments, '1')
    expect(treeAt(history, increment)).toMatchObject({ isVerified: true, entries: entriesOf(TREES[0] ?? {}) })
    const { missing } = planMirrorRestore(history, increment, join(scratchFolder(), 'target'))
    // The last state of the other one lies in the next increment.
    expect(missing.map(({ path }) => path)).toEqual(['src/a.py'])
  })

  it('tells which files have no other link', async () => {
    const destination = makeDestination()
    linkSync(join(destination.folder(1), 'track/src/b.md'), join(destination.path, 'another'))
    const { files } = await deleteFiles(destination.path, nameOf(destination, 1), ['*.md', 'a.py'], { dryRun: true })
    expect(files.map(({ path, isOnlyLink }) => [path, isOnlyLink])).toEqual([
      ['src/a.py', true],
      ['src/b.md', false],
    ])
  })

  it('never leaves an increment that looks whole and is not, wherever it is stopped', async () => {
    for (const [what, run] of [
      [
        'increment',
        (destination: TestDestination, steps: FileSteps) =>
          deleteIncrement(destination.path, nameOf(destination, 1), {}, steps),
      ],
      [
        'files',
        (destination: TestDestination, steps: FileSteps) =>
          deleteFiles(destination.path, nameOf(destination, 1), ['*.py'], {}, steps),
      ],
    ] as const) {
      for (let stop = 0; ; stop++) {
        const destination = makeDestination()
        let step = 0
        const steps = new FileSteps(() => {
          if (step++ === stop) throw new Error('stopped')
        })
        const outcome = await run(destination, steps).then(
          () => 'done',
          () => 'stopped',
        )
        const { increments, problems } = await listIncrements(destination.path)
        expect(problems).toEqual([])
        for (const { folder } of increments) {
          const missing = (await validateIncrement(folder)).findings.filter(({ kind }) => kind !== 'extra')
          expect([what, stop, missing]).toEqual([what, stop, []])
        }
        if (outcome === 'done') break
        // The same again ends it, unless the increment is gone.
        if (increments.length === 2) await run(destination, new FileSteps())
        for (const { folder } of (await listIncrements(destination.path)).increments) {
          expect((await validateIncrement(folder)).findings).toEqual([])
        }
      }
    }
  })

  it('needs a mask, an increment, and that no run is to be finished', async () => {
    const destination = makeDestination()
    const name = nameOf(destination, 1)
    expect(await refusal(deleteFiles(destination.path, name, []))).toBe('ERR_VARVE_BAD_ARGUMENT')
    expect(await refusal(deleteFiles(destination.path, name, ['']))).toBe('ERR_VARVE_BAD_ARGUMENT')
    expect(await refusal(deleteIncrement(destination.path, 'mirror'))).toBe('ERR_VARVE_NOT_FOUND')
    expect(await refusal(deleteIncrement(destination.path, '../dist'))).toBe('ERR_VARVE_NOT_FOUND')
    mkdirSync(join(destination.path, '.varve-mirror'))
    writeFileSync(join(destination.path, '.varve-mirror', 'pending'), '')
    expect(await refusal(deleteIncrement(destination.path, name))).toBe('ERR_VARVE_LOCKED')
    expect(existsSync(destination.folder(1))).toBe(true)
  })
})

describe.skipIf(mountsMissing)('on a disk that is full or cannot be written', () => {
  it('whatever would change something says so, and the rest works', async () => {
    const folder = await mountScratch('1m')
    const destination = new TestDestination(join(folder, 'dist'))
    const name = destination.increment(TREES[0] ?? {})
    makeReadOnly(folder)
    expect(await refusal(recreateMetadata(destination.path, name))).toBe('ERR_VARVE_TARGET')
    expect(await refusal(deleteIncrement(destination.path, name))).toBe('ERR_VARVE_TARGET')
    expect((await validateIncrement(destination.folder(1))).findings).toEqual([])
  })

  it.each<readonly [string, (path: string, name: string) => Promise<unknown>]>([
    ['recreate', (path, name) => recreateMetadata(path, name, { force: true })],
    ['delete', (path, name) => deleteFiles(path, name, ['*'])],
  ])('%s fails and harms nothing', async (_, work) => {
    const folder = await mountScratch('256k')
    const destination = new TestDestination(join(folder, 'dist'))
    const files = Array.from({ length: 40 }, (__, i) => [`file ${i}`, `${i}`] as const)
    destination.increment(Object.fromEntries(files))
    const before = readFileSync(metadataOf(destination, 1))
    try {
      writeFileSync(join(folder, 'filler'), Buffer.alloc(1 << 20))
    } catch {
      // It is full, as it should be.
    }
    expect(await refusal(work(destination.path, nameOf(destination, 1)))).toMatch(/^ERR_VARVE_(STORAGE|TARGET)$/)
    expect(readFileSync(metadataOf(destination, 1))).toEqual(before)
    const { findings } = await validateIncrement(destination.folder(1))
    expect(findings).toEqual([])
  })
})
