import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { makeReadOnly, mountScratch, mountsMissing } from '../storage/scratch-mount.ts'
import { FailingWorld, isCrash } from './failing-world.ts'

function enlarge(folder: string): void {
  execFileSync('mount', ['-o', 'remount,size=40m', folder], { stdio: 'pipe' })
}

describe.skipIf(mountsMissing !== undefined)('a disk that is too small', () => {
  test.each(['repository', 'backups.db'])('for %s makes a snapshot fail, and nothing else', async (name) => {
    const disk = await mountScratch('2m')
    const world = await FailingWorld.create(scratchFolder(), join(disk, name))
    const run = await world.snapshot()
    expect({ ...run, isCrash: isCrash(run) }).toMatchObject({ code: 1, isCrash: false })
    expect(run.output).toMatch(/no space is left/)
    expect(await world.problems()).toEqual([])
    expect(await world.snapshots()).toBe(0)
    enlarge(disk)
    expect(await world.snapshot()).toMatchObject({ code: 0 })
    expect(await world.problems()).toEqual([])
  })
})

describe.skipIf(mountsMissing !== undefined)('a disk that is read-only', () => {
  test.each(['repository', 'backups.db'])('refuses snapshots into %s, which can still be restored', async (name) => {
    const disk = await mountScratch('40m')
    const world = await FailingWorld.create(scratchFolder(), join(disk, name))
    expect(await world.snapshot()).toMatchObject({ code: 0 })
    makeReadOnly(disk)
    const run = await world.snapshot()
    expect({ ...run, isCrash: isCrash(run) }).toMatchObject({ code: 1, isCrash: false })
    expect(run.output).toMatch(/read-only/)
    expect(await world.run(['restore', 'latest', '--no-lock', '--output-directory', world.target])).toMatchObject({
      code: 0,
    })
    expect(world.isRestored).toBe(true)
  })
})
