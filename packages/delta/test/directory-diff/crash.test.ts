import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isVarveError } from '@varve/platform'
import { DiffData, DiffIndex, DirIndex, recoverApply } from '@varve/delta'
import { applyInSteps } from '../../src/directory-diff/apply/apply-diff.ts'
import { FileSteps } from '../../src/directory-diff/apply/file-steps.ts'
import { recoverWork } from '../../src/directory-diff/apply/recover.ts'
import { WorkFolder } from '../../src/directory-diff/apply/work-folder.ts'
import { memoryFolder } from '../directory-index/memory-folder.ts'
import { file, folder, link, noise, plant, survey, type Tree } from '../directory-index/trees.ts'

const BEFORE: Tree = {
  swapped1: file('first'),
  swapped2: file('second', { mode: 0o600, mtime: 5n }),
  chain1: file('alpha'),
  chain2: file('beta'),
  chain3: file('gamma'),
  edited: file(noise(20_000, 1)),
  touched: file('same', { mtime: 1_000_000_001n }),
  gone: folder({ deep: folder({ leaf: file('leaf') }, { mode: 0o700, mtime: 77n }), other: link('nowhere') }),
  'file to folder': file('was a file'),
  'folder to file': folder({ inner: file('inner') }),
  'link to folder': link('/etc'),
  stays: folder({ a: file('a'), b: file('b') }, { mode: 0o750, mtime: 3n }),
}

const AFTER: Tree = {
  swapped1: file('second', { mode: 0o640 }),
  swapped2: file('first'),
  chain2: file('alpha'),
  chain3: file('beta', { mtime: 9n }),
  chain4: file('gamma'),
  edited: file(Buffer.concat([noise(10_000, 1), Buffer.from('in between'), noise(20_000, 1).subarray(10_000)])),
  touched: file('same', { mode: 0o600, mtime: 2_000_000_002n }),
  new: folder({
    folder: folder({ file: file('new'), link: link('file'), pipe: { type: 'fifo' } }, { mode: 0o500, mtime: 8n }),
  }),
  'file to folder': folder({ child: file('child') }, { mode: 0o711 }),
  'folder to file': file('inner'),
  'link to folder': folder({ passwd: file('mine') }),
  stays: folder({ a: file('a') }, { mode: 0o755, mtime: 4n }),
}

/** A machine that stops before its n-th step: nothing can be done any more, not even putting back. */
function crashAt(crash: number): { readonly steps: FileSteps; readonly taken: () => number } {
  let count = 0
  const steps = new FileSteps(() => {
    if (++count >= crash) throw new Error('the machine stops')
  })
  return { steps, taken: () => count }
}

/** A file system whose n-th step fails once. */
function failAt(failure: number): { readonly steps: FileSteps; readonly taken: () => number } {
  let count = 0
  const steps = new FileSteps((_, path) => {
    if (++count === failure) throw Object.assign(new Error(`EIO: i/o error, '${path}'`), { code: 'EIO', errno: -5 })
  })
  return { steps, taken: () => count }
}

interface Scene {
  readonly scratch: string
  readonly base: string
  readonly archive: string
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Puts the base back to what it was. */
  readonly reset: () => void
}

async function prepare(): Promise<Scene> {
  const scratch = memoryFolder()
  const [base, target, archive, kept] = ['base', 'target', 'diff.tgz', 'kept'].map((name) => join(scratch, name))
  if (base === undefined || target === undefined || archive === undefined || kept === undefined) throw new Error()
  plant(kept, BEFORE)
  plant(target, AFTER)
  await using older = await DirIndex.fromFolder(kept)
  await using newer = await DirIndex.fromFolder(target)
  await using diff = await DiffIndex.between(older, newer)
  await new DiffData(diff, older, target).createArchive(archive)
  const reset = (): void => {
    rmSync(base, { recursive: true, force: true })
    plant(base, BEFORE)
  }
  return { scratch, base, archive, before: survey(kept), after: survey(target), reset }
}

function leftOvers(scratch: string): readonly string[] {
  return readdirSync(scratch).filter((name) => name.startsWith('.'))
}

/** Each of some hundred steps is one run; on a busy machine that takes a while. */
const TIMEOUT = { timeout: 300_000 }

describe('applyDiff on a machine that stops', TIMEOUT, () => {
  it('leaves the directory as it was or as it should be, once recovered, wherever it stopped', async () => {
    const { scratch, base, archive, before, after, reset } = await prepare()
    const outcomes = new Map<string, number>()
    for (let crash = 1; ; crash++) {
      reset()
      const { steps, taken } = crashAt(crash)
      await applyInSteps(base, archive, {}, steps).catch(() => undefined)
      if (taken() < crash) break
      const recovery = await recoverApply(base)
      expect(leftOvers(scratch), `left over after step ${crash}`).toEqual([])
      const isAfter = recovery === 'finished' || (recovery === 'nothing' && crash > 100)
      expect(survey(base), `after step ${crash}, which was ${recovery}`).toEqual(isAfter ? after : before)
      outcomes.set(recovery, (outcomes.get(recovery) ?? 0) + 1)
    }
    expect([...outcomes.keys()].toSorted()).toEqual(['finished', 'nothing', 'rolled-back'])
    expect(outcomes.get('rolled-back')).toBeGreaterThan(80)
  })

  it('can stop again while it recovers, anywhere', async () => {
    const { scratch, base, archive, before, reset } = await prepare()
    reset()
    // The last step before the work is done: everything has to be undone.
    const done: string[] = []
    await applyInSteps(base, archive, {}, new FileSteps((step, path) => void done.push(`${step} ${path}`)))
    const total = done.findIndex((step) => step.startsWith('make file') && step.endsWith('/done')) + 1
    for (let crash = 1; ; crash++) {
      reset()
      await expect(applyInSteps(base, archive, {}, crashAt(total).steps)).rejects.toThrow('the machine stops')
      const { steps } = crashAt(crash)
      const isDone = await recoverWork(new WorkFolder(base, steps), steps).then(
        () => true,
        () => false,
      )
      if (isDone) break
      await recoverApply(base)
      expect(leftOvers(scratch), `left over after step ${crash}`).toEqual([])
      expect(survey(base), `after step ${crash}`).toEqual(before)
    }
  })

  it('puts everything back at once where a single step fails', async () => {
    const { scratch, base, archive, before, after, reset } = await prepare()
    for (let failure = 1; ; failure++) {
      reset()
      const { steps, taken } = failAt(failure)
      const result = await applyInSteps(base, archive, {}, steps).catch((reason: unknown) => reason)
      if (taken() < failure) break
      // Where only what had been put away could not be removed, all was done.
      const isAfter = !(result instanceof Error)
      expect(isAfter || isVarveError(result, 'ERR_VARVE_TARGET'), `after step ${failure}`).toBe(true)
      expect(survey(base), `after step ${failure}`).toEqual(isAfter ? after : before)
      if (isAfter) await recoverApply(base)
      expect(leftOvers(scratch), `left over after step ${failure}`).toEqual([])
    }
  })

  it('goes on with an interrupted one when it is called again', async () => {
    const { base, archive, after, reset } = await prepare()
    for (const crash of [30, 60, 90]) {
      reset()
      await expect(applyInSteps(base, archive, {}, crashAt(crash).steps)).rejects.toThrow('the machine stops')
      const { recovery } = await applyInSteps(base, archive, {}, new FileSteps())
      expect(recovery).toBe('rolled-back')
      expect(survey(base)).toEqual(after)
    }
  })
})
