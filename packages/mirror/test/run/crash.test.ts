import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isVarveError } from '@varve/platform'
import { describe, expect, it } from 'vitest'
import { file, folder, link, plant, survey, type Tree } from '../../../delta/test/directory-index/trees.ts'
import { FileSteps } from '../../src/disk/file-steps.ts'
import { NO_RULES } from '../../src/selection/selection-rules.ts'
import { followHistory, Scene, treeOf } from './scene.ts'

const FIRST: Tree = {
  'tracked.txt': file('one'),
  kept: file('kept'),
  touched: file('touched'),
  gone: folder({ deep: folder({ leaf: file('leaf') }), link: link('nowhere') }),
  'file to folder': file('a file'),
  'folder to file': folder({ inner: file('inner') }),
  'file to link': file('to be a link'),
  moves: file('away'),
  only: folder({ mirrored: file('not tracked'), goes: file('goes'), changes: file('before') }),
}

const SECOND: Tree = {
  'tracked.txt': file('one and two', { mtime: 5n }),
  kept: file('kept'),
  touched: file('touched', { mode: 0o600, mtime: 1_700_000_000_000_000_001n }),
  'file to folder': folder({ child: file('child') }, { mode: 0o711 }),
  'folder to file': file('inner', { mtime: 3n }),
  'file to link': link('kept'),
  moved: file('away'),
  new: folder({ folder: folder({ leaf: file('new') }, { mode: 0o700, mtime: 8n }) }),
  only: folder({
    mirrored: file('not tracked'),
    changes: file('after', { mtime: 9n }),
    comes: folder({ x: file('x') }),
  }),
}

/** A machine that stops before its n-th step: nothing can be done any more. */
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

const isTracked = (path: string): boolean => path !== 'only' && !path.startsWith('only/')

/** A mirror of the first tree with one increment, and a source with the second. */
async function prepare(): Promise<Scene> {
  const scene = new Scene()
  scene.rules = { ...NO_RULES, includeDirs: ['.'], trackDirs: TRACKED }
  plant(scene.source, FIRST)
  await scene.run()
  rmSync(scene.source, { recursive: true })
  plant(scene.source, SECOND)
  return scene
}

/** Everything on the top level but the folder that is only mirrored. */
const TRACKED = [...new Set([...Object.keys(FIRST), ...Object.keys(SECOND)])].filter((name) => name !== 'only')

function leftOvers(scene: Scene): readonly string[] {
  return readdirSync(join(scene.destination, '.varve-mirror')).filter((name) => name !== 'lock' && name !== 'state')
}

/** Sees that the mirror is as the source, that all increments hold together, and that the last one leads to the source's tree. */
function requireMirrored(scene: Scene, when: string): void {
  expect(survey(scene.mirror), `mirror ${when}`).toEqual(survey(scene.source))
  const trees = followHistory(scene)
  expect(trees.get(scene.increments.at(-1) ?? ''), `tree ${when}`).toEqual(treeOf(scene.source, isTracked))
  expect(leftOvers(scene), `left over ${when}`).toEqual([])
}

const TIMEOUT = { timeout: 300_000 }

describe('a run on a machine that stops', TIMEOUT, () => {
  it('is brought to its end by the next one, wherever it stopped, and harms no increment', async () => {
    const outcomes = new Map<string, number>()
    for (let crash = 1; ; crash++) {
      const scene = await prepare()
      const before = scene.history
      const { steps, taken } = crashAt(crash)
      await scene.run({}, { steps }).catch(() => undefined)
      if (taken() < crash) break
      expect(scene.history.slice(0, before.length), `after step ${crash}`).toEqual(before)
      const { recovered, increment } = await scene.run()
      expect(scene.increments.length, `after step ${crash}`).toBe(2)
      expect(scene.history.slice(0, before.length), `after step ${crash}`).toEqual(before)
      requireMirrored(scene, `after step ${crash}`)
      const outcome = recovered === undefined ? (increment === undefined ? 'done' : 'new') : 'recovered'
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      expect((await scene.run()).changes, `after step ${crash}`).toEqual([])
      rmSync(scene.folder, { recursive: true })
    }
    expect([...outcomes.keys()].toSorted()).toEqual(['done', 'new', 'recovered'])
    expect(outcomes.get('recovered')).toBeGreaterThan(30)
  })

  it('can stop again while it recovers, anywhere', async () => {
    // The first step after the increment was published, and one in the middle of bringing the mirror up to date.
    const steps: string[] = []
    await (await prepare()).run({}, { steps: new FileSteps((step, path) => void steps.push(`${step} ${path}`)) })
    const published = steps.findLastIndex((step) => /^rename .*\/backup_\d+_\d+$/.test(step)) + 2
    for (const first of [published, Math.floor((published + steps.length) / 2)]) {
      for (let second = 1; ; second += 2) {
        const scene = await prepare()
        await expect(scene.run({}, crashAt(first))).rejects.toThrow('the machine stops')
        const { steps: again, taken } = crashAt(second)
        await scene.run({}, { steps: again }).catch(() => undefined)
        if (taken() < second) break
        await scene.run()
        expect(scene.increments.length, `after steps ${first} and ${second}`).toBe(2)
        requireMirrored(scene, `after steps ${first} and ${second}`)
        rmSync(scene.folder, { recursive: true })
      }
    }
  })

  it('keeps what it published even where the source changes before the next run, or is gone', async () => {
    for (let crash = 1; ; crash += 3) {
      const scene = await prepare()
      const second = treeOf(scene.source, isTracked)
      const { steps, taken } = crashAt(crash)
      await scene.run({}, { steps }).catch(() => undefined)
      if (taken() < crash) break
      rmSync(scene.source, { recursive: true })
      await expect(scene.run()).rejects.toMatchObject({ code: 'ERR_VARVE_SOURCE' })
      plant(scene.source, FIRST)
      await scene.run()
      requireMirrored(scene, `after step ${crash}`)
      const trees = [...followHistory(scene).values()]
      // Nothing had been published, and nothing differs from the first increment: or all three are there.
      expect(trees.length === 1 || trees.length === 3, `after step ${crash}`).toBe(true)
      expect(trees.length === 3 ? trees[1] : second, `after step ${crash}`).toEqual(second)
      rmSync(scene.folder, { recursive: true })
    }
  })

  it('fails, and leaves everything to the next one, where a single step fails', async () => {
    for (let failure = 1; ; failure++) {
      const scene = await prepare()
      const before = scene.history
      const { steps, taken } = failAt(failure)
      const result = await scene.run({}, { steps }).catch((reason: unknown) => reason)
      if (taken() < failure) break
      const isReported = isVarveError(result, 'ERR_VARVE_STORAGE')
      // Only what had to be removed when all was done may fail without a word.
      const found = isReported ? scene.source : scene.mirror
      expect(survey(found), `after step ${failure}`).toEqual(survey(scene.source))
      expect(scene.history.slice(0, before.length), `after step ${failure}`).toEqual(before)
      await scene.run()
      expect(scene.increments.length, `after step ${failure}`).toBe(2)
      requireMirrored(scene, `after step ${failure}`)
      rmSync(scene.folder, { recursive: true })
    }
  })
})
