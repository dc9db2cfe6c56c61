import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { file, folder, plant, survey, type Tree } from '../../../delta/test/directory-index/trees.ts'
import { FileSteps } from '../../src/disk/file-steps.ts'
import { ended, startRun } from './run-process.ts'
import { followHistory, Scene, treeOf } from './scene.ts'

const files = (count: number, text: string): Tree =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, file(`${text} ${i} `.repeat(50))]))

async function prepare(): Promise<Scene> {
  const scene = new Scene()
  plant(scene.source, { ...files(60, 'first'), sub: folder(files(40, 'sub')) })
  await scene.run()
  for (let i = 0; i < 60; i += 2) writeFileSync(join(scene.source, `f${i}`), `second ${i}`)
  plant(join(scene.source, 'new'), files(40, 'new'))
  return scene
}

async function requireWhole(scene: Scene, before: readonly string[]): Promise<void> {
  expect(scene.history.slice(0, before.length)).toEqual(before)
  await scene.run()
  expect(scene.history.slice(0, before.length)).toEqual(before)
  expect(survey(scene.mirror)).toEqual(survey(scene.source))
  expect([...followHistory(scene).values()].at(-1)).toEqual(treeOf(scene.source))
  expect(scene.increments.length).toBe(2)
}

describe('a run that is killed', () => {
  it.each([0.02, 0.3, 0.6, 0.8, 0.9, 0.98])(
    'after %d of its steps is brought to its end by the next one',
    async (part) => {
      let steps = 0
      await (await prepare()).run({}, { steps: new FileSteps(() => void steps++) })
      const scene = await prepare()
      const before = scene.history
      const { signal } = await ended(startRun(scene, { killAt: Math.ceil(steps * part) }))
      expect(signal).toBe('SIGKILL')
      await requireWhole(scene, before)
    },
  )

  it('with its threads, at any moment, is brought to its end by the next one, which finds it unlocked', async () => {
    for (const dots of [1, 2, 3]) {
      const scene = await prepare()
      const before = scene.history
      const child = startRun(scene)
      let seen = 0
      child.stderr?.on('data', (bytes: Buffer) => {
        seen += bytes.length
        if (seen >= dots) child.kill('SIGKILL')
      })
      await ended(child)
      expect(seen).toBeGreaterThan(0)
      await requireWhole(scene, before)
    }
  })

  it('keeps others out as long as it lives', async () => {
    const scene = await prepare()
    const children = [startRun(scene), startRun(scene), startRun(scene)]
    const codes = await Promise.all(children.map(async (child) => (await ended(child)).code))
    expect(codes).toContain(0)
    await scene.run()
    expect(survey(scene.mirror)).toEqual(survey(scene.source))
    followHistory(scene)
  })
})
