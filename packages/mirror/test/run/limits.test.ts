import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { file, plant, survey } from '../../../delta/test/directory-index/trees.ts'
import { FileSteps } from '../../src/disk/file-steps.ts'
import { followHistory, Scene } from './scene.ts'

const GIBIBYTE = 1024 ** 3

describe('a large file', () => {
  it('of more than 4 GiB is copied whole, and its holes stay holes', async () => {
    const scene = new Scene()
    plant(scene.source, {})
    const size = 4 * GIBIBYTE + 12_345
    const fd = openSync(join(scene.source, 'large'), 'w')
    ftruncateSync(fd, size)
    writeSync(fd, 'in the middle', 3 * GIBIBYTE)
    writeSync(fd, 'end', size - 3)
    closeSync(fd)
    const { increment } = await scene.run()
    const copy = statSync(join(scene.mirror, 'large'))
    expect(copy.size).toBe(size)
    expect(copy.blocks * 512).toBeLessThan(10_000_000)
    const [entry] = scene.load(increment ?? '').entries
    expect(entry?.after).toMatchObject({ type: 'file', size })
    expect((await scene.run()).changes).toEqual([])
    const same = spawnSync('cmp', [join(scene.source, 'large'), join(scene.mirror, 'large')])
    expect(same.status).toBe(0)
  })
})

/** A file system of so many bytes; undefined where none can be mounted. */
function smallFileSystem(path: string, bytes: number): boolean {
  mkdirSync(path)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path])
  if (status !== 0) return false
  onTestFinished(() => void spawnSync('umount', [path]))
  return true
}

describe('a full destination', () => {
  it('fails with all increments and the mirror as they were, and goes on when there is room', async (test) => {
    const scene = new Scene()
    if (!smallFileSystem(scene.destination, 4_000_000)) test.skip('no file system can be mounted here')
    plant(scene.source, { a: file('one'), b: file(Buffer.alloc(500_000, 'b')) })
    await scene.run()
    const before = scene.contents
    writeFileSync(join(scene.source, 'a'), 'two')
    writeFileSync(join(scene.source, 'large'), Buffer.alloc(6_000_000, 'x'))
    await expect(scene.run()).rejects.toMatchObject({
      code: 'ERR_VARVE_STORAGE',
      message: expect.stringContaining('no space'),
    })
    expect(scene.contents).toEqual(before)
    rmSync(join(scene.source, 'large'))
    await scene.run()
    expect(survey(scene.mirror)).toEqual(survey(scene.source))
    followHistory(scene)
  })

  it('is full wherever it may be: the next run brings it to its end', async () => {
    for (const when of ['make folder', 'write', 'make file', 'link', 'make link', 'rename']) {
      for (const after of [0, 3, 8]) {
        const scene = new Scene()
        plant(scene.source, { a: file('one'), b: file('two') })
        await scene.run()
        const before = scene.history
        plant(join(scene.source, 'more'), { a: file('1'), b: file('2'), l: { type: 'symlink', target: 'a' } })
        writeFileSync(join(scene.source, 'b'), 'changed')
        let count = 0
        const steps = new FileSteps((step) => {
          if (step !== when || count++ < after) return
          throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', errno: -28 })
        })
        await scene.run({}, { steps }).catch(() => undefined)
        expect(scene.history.slice(0, before.length)).toEqual(before)
        await scene.run()
        expect(survey(scene.mirror)).toEqual(survey(scene.source))
        expect(scene.increments.length).toBe(2)
        followHistory(scene)
      }
    }
  })
})
