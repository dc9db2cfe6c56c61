import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { currentPlatform } from '@varve/platform'
import { systemErrorCode } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { compileRules, type RuleOptions } from '../../src/snapshot/rules/rules.ts'
import { arrangeSources } from '../../src/snapshot/source-tree.ts'
import { WalkAhead } from '../../src/snapshot/walk-ahead.ts'
import { Walk, type EntryStats, type WalkStep } from '../../src/snapshot/walk.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'
import { contentOf } from './take-snapshot.ts'

/** More than the thread may be ahead of who asks. */
const MANY = 7000

/** With very many files, which takes a while to make. */
const folder = mkdtempSync(join(tmpdir(), 'varve-test-'))

beforeAll(() => writeMany(folder))
afterAll(() => rmSync(folder, { recursive: true }))

/** A step with its numbers instead of what gives them; without those of folders around the sources, in which others may be at work. */
function plain(step: WalkStep): unknown {
  return 'stats' in step ? { ...step, stats: step.kind === 'leading' ? undefined : fields(step.stats) } : step
}

function fields(stats: EntryStats): unknown {
  const { mode, uid, gid, ino, dev, nlink, size, rdev, atimeNs, mtimeNs, ctimeNs } = stats
  const kinds = [stats.isDirectory(), stats.isFile()]
  return { mode, uid, gid, ino, dev, nlink, size, rdev, atimeNs, mtimeNs, ctimeNs, kinds }
}

function stepsHere(sources: readonly string[], rules: RuleOptions): readonly unknown[] {
  const steps: unknown[] = []
  const walk = new Walk({
    sources: arrangeSources(sources, currentPlatform()),
    separator: sep,
    attributes: currentPlatform().extendedAttributes,
    rules: compileRules(rules, {
      sources,
      ownPaths: [],
      onWarning: ({ path, message }) => steps.push({ kind: 'problem', path, message }),
    }),
  })
  for (let step = walk.next(); step !== undefined; step = walk.next()) steps.push(plain(step))
  return steps
}

function walkAhead(sources: readonly string[], rules: RuleOptions = {}): WalkAhead {
  const walk = new WalkAhead({
    sources: arrangeSources(sources, currentPlatform()),
    separator: sep,
    rules,
    sourcePaths: sources,
    ownPaths: [],
  })
  onTestFinished(() => walk.close())
  return walk
}

async function stepsOf(walk: WalkAhead): Promise<readonly unknown[]> {
  const steps: unknown[] = []
  const folders = ['']
  do {
    for (let step = walk.next(folders.at(-1) ?? ''); step !== undefined; step = walk.next(folders.at(-1) ?? '')) {
      if (step.kind === 'folder' || step.kind === 'leading') folders.push(step.path)
      else if (step.kind === 'leave') folders.pop()
      steps.push(plain(step))
    }
  } while (await walk.more())
  return steps
}

function writeMany(top: string): void {
  for (let number = 0; number < MANY; number++) {
    const parent = join(top, `folder ${number % 7}`, `${number % 50}`)
    if (number < 350) mkdirSync(parent, { recursive: true })
    writeFileSync(join(parent, `file ${number}`), '')
  }
}

test('a walk in a thread meets with what one here does, in the same order', async () => {
  const kinds = join(folder, 'kinds')
  mkdirSync(join(kinds, 'empty'), { recursive: true })
  mkdirSync(join(kinds, 'left out'))
  symlinkSync('nowhere', join(kinds, 'link'))
  writeFileSync(toFsPath(join(kinds, 'not UTF-8 \udcff')), 'x')
  writeFileSync(join(kinds, '\u{1f600}'), 'xyz')
  writeFileSync(join(kinds, '\uff5e'), '')
  utimesSync(join(kinds, '\uff5e'), -1.5, -1.5)
  writeFileSync(join(kinds, '.gitignore'), 'left*\n')
  mkdirSync(join(kinds, 'strange'))
  mkdirSync(join(kinds, 'strange', '.gitignore'))
  const sources = [folder, join(folder, 'kinds', 'empty'), join(folder, 'not there')]
  for (const rules of [{}, { gitignore: true, exclude: ['file 1*', 'folder 3'] }]) {
    // Listing a folder for the first time changes its time of access.
    stepsHere(sources, rules)
    const expected = stepsHere(sources, rules)
    expect(expected.length).toBeGreaterThan(4000)
    expect(await stepsOf(walkAhead(sources, rules))).toEqual(expected)
  }
})

test('a walk in a thread says which entries may have attributes', async ({ skip }) => {
  const { extendedAttributes } = currentPlatform()
  const top = scratchFolder()
  const paths = ['folder', 'folder/file', 'folder/other', 'folder/plain'].map((name) => join(top, name))
  mkdirSync(join(top, 'folder'))
  for (const path of paths.slice(1)) writeFileSync(path, '')
  if (extendedAttributes === undefined) {
    skip()
    return
  }
  try {
    for (const path of paths.slice(0, 3))
      extendedAttributes.replace(path, [{ name: 'user.a', value: Buffer.from('1') }])
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    skip('this file system keeps no attributes')
  }
  const expected = paths.map((path, index) => expect.objectContaining({ path, mayHaveAttributes: index < 3 }))
  const steps = await stepsOf(walkAhead([join(top, 'folder')]))
  expect(steps).toEqual(expect.arrayContaining(expected))
})

test('it waits for who asks, and ends at any time', async () => {
  const walk = walkAhead([folder])
  expect(await walk.more()).toBe(true)
  expect(walk.next('')).toMatchObject({ kind: 'leading' })
  await walk.close()
  for (let step = walk.next(''); step !== undefined;) step = walk.next('')
  expect(await walk.more()).toBe(false)
})

test('what stops the thread is thrown', async () => {
  const walk = walkAhead([scratchFolder()], { exclude: ['['] })
  await expect(stepsOf(walk)).rejects.toThrow('[')
})

test('a snapshot of many files that are known adds nothing, and finds what changed', async () => {
  const repository = await cheapRepository()
  const first = await contentOf(repository, folder)
  const files = first.result.summary.totalFilesProcessed
  const second = await contentOf(repository, folder)
  expect(second.problems).toEqual([])
  expect(second.result.summary).toMatchObject({ filesUnmodified: files, filesNew: 0, dataBlobs: 0 })
  expect(second.paths).toEqual(first.paths)
  writeFileSync(join(folder, 'folder 3', '10', 'file 10'), 'changed')
  rmSync(join(folder, 'folder 3', '17'), { recursive: true })
  const third = await contentOf(repository, folder)
  expect(third.problems).toEqual([])
  expect(third.paths).not.toContain('folder 3/17')
  expect(await third.text('folder 3/10/file 10')).toBe('changed')
})

test('a snapshot of many files can be stopped', async () => {
  const repository = await cheapRepository()
  await contentOf(repository, folder)
  const controller = new AbortController()
  let items = 0
  const stopped = contentOf(repository, folder, {
    signal: controller.signal,
    onItem: () => {
      if (++items === 100) controller.abort()
    },
  })
  await expect(stopped).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
  expect(items).toBeLessThan(MANY)
})
