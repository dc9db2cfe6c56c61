import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isVarveError, nameFromBytes, toFsPath, type ErrorCode } from '@varve/platform'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mountScratch, mountsMissing } from '../../../engine/test/storage/scratch-mount.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { encodeIncrement } from '../../src/increment/encode-increment.ts'
import { treeDigest } from '../../src/increment/tree-digest.ts'
import { findIncrement, loadHistory, type History, type MirrorTree } from '../../src/history/history.ts'
import { planMirrorRestore } from '../../src/history/restore-plan.ts'
import { executeMirrorRestore } from '../../src/history/restore.ts'
import { treeAt, type TreeAt } from '../../src/history/tree-at.ts'
import { entriesOf, scanTree, TestDestination, type Planted, type PlantedTree } from './destination.ts'

const LINK: Planted = { type: 'symlink', target: '../else where' }
const FOLDER: Planted = { type: 'dir' }
const NAMES = {
  newline: 'new\nline',
  quote: `it's "$(touch x)"`,
  bytes: nameFromBytes(Buffer.from([0x66, 0xff, 0xfe])),
}

const TREES: readonly PlantedTree[] = [
  { folder: FOLDER, 'folder/a': 'a1', 'folder/b': 'b1', [NAMES.newline]: 'n', [NAMES.bytes]: 'bytes', link: LINK },
  { folder: FOLDER, 'folder/a': 'a2', 'folder/c': 'b1', [NAMES.quote]: '', link: LINK, empty: FOLDER },
  { folder: FOLDER, 'folder/a': 'a3', link: 'a file now', [NAMES.bytes]: 'bytes' },
]

async function failure(work: () => unknown): Promise<ErrorCode | undefined> {
  try {
    await work()
  } catch (error) {
    if (isVarveError(error)) return error.code
    throw error
  }
  return undefined
}

function makeDestination(trees: readonly PlantedTree[] = TREES): TestDestination {
  const destination = new TestDestination(join(scratchFolder(), 'dist'))
  for (const tree of trees) destination.increment(tree)
  return destination
}

async function load(
  destination: TestDestination,
  mirror: MirrorTree | undefined = destination.mirror,
): Promise<History> {
  return await loadHistory(destination.path, mirror)
}

function at(history: History, name: string | undefined): TreeAt {
  return treeAt(history, findIncrement(history.increments, name ?? ''))
}

describe('the tracked tree as of an increment', () => {
  it('is known from the increments alone', async () => {
    const destination = makeDestination()
    const history = await loadHistory(destination.path, undefined)
    for (const [index, tree] of TREES.entries()) {
      const found = at(history, destination.names[index])
      expect(found.entries).toEqual(entriesOf(tree))
      expect(found).toMatchObject({ isVerified: true, doubts: [] })
    }
  })

  it('is known from the mirror where the first increments are not there', async () => {
    const destination = makeDestination()
    rmSync(destination.folder(1), { recursive: true })
    const history = await load(destination)
    for (const index of [1, 2]) {
      const found = at(history, destination.names[index])
      expect(found.entries).toEqual(entriesOf(TREES[index] ?? {}))
      expect(found.isVerified).toBe(true)
    }
  })

  it('is known where the mirror is one increment behind', async () => {
    const destination = makeDestination(TREES.slice(0, 2))
    const { mirror } = destination
    destination.increment(TREES[2] ?? {})
    rmSync(destination.folder(1), { recursive: true })
    expect(at(await load(destination, mirror), 'latest').isVerified).toBe(true)
  })

  it('is known around an increment that is not there, as far as it can be', async () => {
    const destination = makeDestination()
    rmSync(destination.folder(2), { recursive: true })
    const history = await load(destination)
    expect(at(history, destination.names[0])).toMatchObject({ isVerified: true })
    expect(at(history, destination.names[2])).toMatchObject({ isVerified: true })
  })

  it('says what is uncertain', async () => {
    const destination = makeDestination()
    rmSync(destination.folder(1), { recursive: true })
    const found = at(await loadHistory(destination.path, undefined), 'latest')
    expect(found.isVerified).toBe(false)
    expect(found.doubts.map(({ message }) => message).join()).toMatch(/is not there/)
  })

  it('follows any history, whichever of its increments is not there', async () => {
    const paths = fc.constantFrom('a', 'b', 'c/d', 'c/e', 'f')
    const tree = fc.dictionary(paths, fc.constantFrom('1', '2', '3', '')).map((files): PlantedTree => files)
    await fc.assert(
      fc.asyncProperty(
        fc.array(tree, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        fc.nat(),
        async (trees, gone, which) => {
          const destination = makeDestination(trees)
          const removed = gone % (trees.length + 1)
          const wanted = which % trees.length
          if (removed < trees.length) rmSync(destination.folder(removed + 1), { recursive: true })
          if (removed === wanted) return
          const found = at(await load(destination), destination.names[wanted])
          expect(found.isVerified).toBe(true)
          expect(found.entries).toEqual(entriesOf(trees[wanted] ?? {}))
        },
      ),
      { numRuns: 25 },
    )
  })
})

describe('restore', () => {
  it.each([0, 1, 2])('puts back the tree of increment %d', async (index) => {
    const destination = makeDestination()
    const history = await load(destination)
    const target = join(scratchFolder(), 'some where', 'target')
    const plan = planMirrorRestore(history, findIncrement(history.increments, String(index + 1)), target)
    expect(plan).toMatchObject({ missing: [], existing: [], blocked: [], isVerified: true })
    expect(existsSync(target)).toBe(false)
    const reports: number[] = []
    const result = await executeMirrorRestore(plan, { onProgress: ({ filesDone }) => reports.push(filesDone) })
    expect(result.problems).toEqual([])
    expect(scanTree(target)).toEqual(entriesOf(TREES[index] ?? {}))
    expect(reports.at(-1)).toBe(result.filesRestored)
    expect(lstatSync(join(target, 'folder/a')).nlink).toBe(1)
  })

  it('takes a part of the tree', async () => {
    const history = await load(makeDestination())
    const target = join(scratchFolder(), 'target')
    const plan = planMirrorRestore(history, findIncrement(history.increments, '1'), target, {
      includes: (path) => path === 'folder/b',
    })
    await executeMirrorRestore(plan)
    expect(scanTree(target).map(({ path }) => path)).toEqual(['folder', 'folder/b'])
  })

  it('overwrites only when asked, and by a new file', async () => {
    const history = await load(makeDestination())
    const target = scratchFolder()
    mkdirSync(join(target, 'folder'))
    writeFileSync(join(target, 'folder/a'), 'mine')
    writeFileSync(join(target, 'other'), 'mine')
    const open = statSync(join(target, 'folder/a')).ino
    const plan = planMirrorRestore(history, findIncrement(history.increments, '1'), target)
    expect(plan.existing).toEqual(['folder/a'])
    expect(await failure(() => executeMirrorRestore(plan))).toBe('ERR_VARVE_EXISTS')
    expect(scanTree(target).map(({ path }) => path)).toEqual(['folder', 'folder/a', 'other'])
    expect((await executeMirrorRestore(plan, { overwrite: true })).problems).toEqual([])
    expect(readFileSync(join(target, 'folder/a'), 'utf8')).toBe('a1')
    expect(statSync(join(target, 'folder/a')).ino).not.toBe(open)
    expect(readFileSync(join(target, 'other'), 'utf8')).toBe('mine')
  })

  it('does not write through a link, nor where a file stands in the way', async () => {
    const history = await load(makeDestination())
    const target = scratchFolder()
    const outside = scratchFolder()
    symlinkSync(outside, join(target, 'folder'))
    const plan = planMirrorRestore(history, findIncrement(history.increments, '1'), target)
    expect(plan.blocked.map(({ path }) => path)).toContain('folder/a')
    expect(await failure(() => executeMirrorRestore(plan, { overwrite: true }))).toBe('ERR_VARVE_TARGET')
    expect(scanTree(outside)).toEqual([])
  })

  it('does not follow a link that appears meanwhile', async () => {
    const history = await load(makeDestination())
    const target = scratchFolder()
    const outside = scratchFolder()
    const plan = planMirrorRestore(history, findIncrement(history.increments, '1'), target)
    symlinkSync(outside, join(target, 'folder'))
    const { problems } = await executeMirrorRestore(plan, { overwrite: true })
    expect(problems.map(({ path }) => path)).toEqual(expect.arrayContaining(['folder', 'folder/a', 'folder/b']))
    expect(scanTree(outside)).toEqual([])
  })

  it('names what is nowhere any more before it writes', async () => {
    const destination = makeDestination()
    rmSync(join(destination.folder(1), 'track/folder/a'))
    const history = await load(destination)
    const target = join(scratchFolder(), 'target')
    const plan = planMirrorRestore(history, findIncrement(history.increments, '1'), target)
    expect(plan.missing).toEqual([{ path: 'folder/a', message: expect.any(String) }])
    expect(await failure(() => executeMirrorRestore(plan))).toBe('ERR_VARVE_DAMAGED')
    expect(existsSync(target)).toBe(false)
    const { problems } = await executeMirrorRestore(plan, { allowMissing: true })
    expect(problems.map(({ path }) => path)).toEqual(['folder/a'])
    expect(existsSync(join(target, 'folder/b'))).toBe(true)
  })

  it('notices content that is damaged, and takes it from elsewhere where it can', async () => {
    const destination = makeDestination()
    // The same content lies in another increment as well.
    writeFileSync(join(destination.folder(1), 'track/folder/b'), 'XX')
    writeFileSync(join(destination.folder(1), 'track/folder/a'), 'XX')
    const history = await load(destination)
    const target = join(scratchFolder(), 'target')
    const plan = planMirrorRestore(history, findIncrement(history.increments, '1'), target)
    const { problems } = await executeMirrorRestore(plan)
    expect(problems).toEqual([{ path: 'folder/a', message: expect.stringContaining('damaged') }])
    expect(readFileSync(join(target, 'folder/b'), 'utf8')).toBe('b1')
    expect(scanTree(target).map(({ path }) => path)).not.toContain('folder/a')
  })

  it('never goes to the mirror or an increment', async () => {
    const destination = makeDestination()
    const history = await load(destination)
    const link = join(scratchFolder(), 'link')
    symlinkSync(destination.path, link)
    for (const target of [destination.path, join(destination.path, 'mirror'), join(link, 'new', 'folder')]) {
      expect(await failure(() => planMirrorRestore(history, findIncrement(history.increments, '1'), target))).toBe(
        'ERR_VARVE_TARGET',
      )
    }
  })

  it('does not read through links that somebody put into an increment', async () => {
    const destination = makeDestination([{ 'secret/file': 'ab' }])
    const outside = scratchFolder()
    writeFileSync(join(outside, 'file'), 'ab')
    rmSync(join(destination.folder(1), 'track/secret'), { recursive: true })
    symlinkSync(outside, join(destination.folder(1), 'track/secret'))
    const history = await loadHistory(destination.path, undefined)
    const plan = planMirrorRestore(history, findIncrement(history.increments, '1'), join(scratchFolder(), 'target'))
    expect(plan.missing.map(({ path }) => path)).toEqual(['secret/file'])
  })

  it.each<readonly [string, PlantedTree]>([
    ['file', { a: 'file', 'a/b': 'below' }],
    ['link', { a: { type: 'symlink', target: '/' }, 'a/b': 'below' }],
  ])('refuses a tree in which something lies below a %s', async (_, tree) => {
    const destination = new TestDestination(join(scratchFolder(), 'dist'))
    const name = destination.increment({ 'a/b': 'below' })
    const entries = entriesOf(tree).map(({ path, state }) => ({ path, before: undefined, after: state }))
    const hostile = {
      name,
      time: new Date(),
      previous: undefined,
      source: '/',
      digest: treeDigest(entriesOf(tree)),
      entries,
    }
    writeFileSync(join(destination.folder(1), `${name}.json`), encodeIncrement(hostile))
    const history = await loadHistory(destination.path, undefined)
    const plan = planMirrorRestore(history, findIncrement(history.increments, '1'), join(scratchFolder(), 'target'))
    expect(plan.blocked.map(({ path }) => path)).toEqual(['a/b'])
    expect(await failure(() => executeMirrorRestore(plan, { allowMissing: true }))).toBe('ERR_VARVE_TARGET')
  })

  it('says that a target cannot be made', async () => {
    const history = await load(makeDestination())
    const folder = scratchFolder()
    writeFileSync(join(folder, 'file'), '')
    const plan = planMirrorRestore(history, findIncrement(history.increments, '1'), join(folder, 'file', 'target'))
    expect(await failure(() => executeMirrorRestore(plan))).toBe('ERR_VARVE_TARGET')
  })

  it.skipIf(mountsMissing)('says that a target is full, and leaves no half of a file', async () => {
    const folder = await mountScratch('64k')
    const destination = makeDestination([{ a: 'small', b: 'x'.repeat(200_000), c: 'small' }])
    const history = await load(destination)
    const plan = planMirrorRestore(history, findIncrement(history.increments, '1'), join(folder, 'target'))
    expect(await failure(() => executeMirrorRestore(plan))).toBe('ERR_VARVE_TARGET')
    expect(scanTree(join(folder, 'target')).map(({ path }) => path)).toEqual(['a'])
  })

  it('stops when asked', async () => {
    const history = await load(makeDestination())
    const target = join(scratchFolder(), 'target')
    const plan = planMirrorRestore(history, findIncrement(history.increments, '1'), target)
    const code = await failure(() => executeMirrorRestore(plan, { signal: AbortSignal.abort() }))
    expect(code).toBe('ERR_VARVE_ABORTED')
    expect(existsSync(toFsPath(join(target, NAMES.bytes)))).toBe(false)
  })
})
