import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RestoreExecution } from '../../src/restore/restore-execution.ts'
import { planRestore } from '../../src/restore/plan.ts'
import type { PlanFollower } from '../../src/restore/restore-plan.ts'
import { mountScratch, mountsMissing } from '../storage/scratch-mount.ts'
import { RestoreFixture, type Entry } from './restore-fixture.ts'

const FOLDERS = 4
const FILES = 3000
/** All but the target. */
const ENTRIES = FOLDERS * (FILES + 1)

/** A snapshot so large that it is begun with before its plan is complete. The last file of each folder is a hard link to the same one. */
async function many(): Promise<RestoreFixture> {
  const fixture = await RestoreFixture.create()
  const linked = { links: BigInt(FOLDERS), inode: 7n, deviceId: 1n }
  const folders: Record<string, Entry> = {}
  for (let folder = 0; folder < FOLDERS; folder++) {
    const files: Record<string, Entry> = { 'z linked': fixture.file('linked', linked) }
    for (let file = 1; file < FILES; file++) {
      files[`file ${String(file).padStart(4, '0')}`] = fixture.file(file % 3 === 0 ? '' : `content ${file % 500}`)
    }
    folders[`folder ${folder}`] = fixture.folder(files)
  }
  await fixture.snapshot(folders)
  return fixture
}

/** Takes whatever it is offered, and notes how many entries there were. */
function notingFollower(onTake: () => void = () => undefined): PlanFollower & { readonly taken: readonly number[] } {
  const taken: number[] = []
  return {
    taken,
    isWaiting: true,
    take({ entries }) {
      taken.push(entries.count)
      onTake()
    },
  }
}

describe('a plan of many entries', () => {
  test('is offered in parts, whole folders at a time, to whoever waits', async () => {
    const fixture = await many()
    const repository = await fixture.repositories.repository.loadIndex()
    const follower = notingFollower()
    const { entries } = await planRestore(repository, fixture.options(), follower)
    expect(entries.count).toBe(1 + ENTRIES)
    expect(follower.taken).toEqual([1 + 2 * (FILES + 1), 1 + 4 * (FILES + 1)])
    const busy = { ...notingFollower(), isWaiting: false }
    await planRestore(repository, fixture.options(), busy)
    expect(busy.taken).toEqual([])
  })

  test('is not where something is in the target: that has to be compared first', async () => {
    const fixture = await many()
    const repository = await fixture.repositories.repository.loadIndex()
    mkdirSync(fixture.target)
    const vacant = notingFollower()
    await planRestore(repository, fixture.options(), vacant)
    expect(vacant.taken).toHaveLength(2)
    writeFileSync(join(fixture.target, 'something'), '')
    const follower = notingFollower()
    await planRestore(repository, fixture.options(), follower)
    expect(follower.taken).toEqual([])
  })

  test('ends when it cannot be carried out', async () => {
    const fixture = await many()
    const repository = await fixture.repositories.repository.loadIndex()
    const follower = notingFollower(() => {
      throw new Error('no more')
    })
    await expect(planRestore(repository, fixture.options(), follower)).rejects.toThrow('no more')
    expect(follower.taken).toHaveLength(1)
  })
})

describe('a restore of many entries', () => {
  test.each([1, 3])('restores all of it, hard links between its parts too, with %i threads', async (workers) => {
    const fixture = await many()
    const result = await fixture.restore({ workers, verify: true })
    expect(result).toMatchObject({
      filesTotal: FOLDERS * FILES,
      filesRestored: FOLDERS * FILES,
      foldersRestored: FOLDERS,
      // Hard links are verified by the file that they are links to.
      filesVerified: FOLDERS * FILES - (FOLDERS - 1),
      problems: 0,
    })
    expect(new Set(result.items).size).toBe(ENTRIES)
    const inodes = Array.from({ length: FOLDERS }, (_, folder) =>
      lstatSync(join(fixture.target, `folder ${folder}`, 'z linked')),
    ).map(({ ino, nlink }) => [ino, nlink])
    expect(inodes).toEqual(inodes.map(() => [inodes[0]?.[0], FOLDERS]))
  })

  test('leaves whole files or none behind when planning is stopped after the first part', async () => {
    const fixture = await many()
    const repository = await fixture.repositories.repository.loadIndex()
    const stop = new AbortController()
    const options = fixture.options({ signal: stop.signal })
    const execution = new RestoreExecution(repository, options)
    let parts = 0
    const follower: PlanFollower = {
      isWaiting: true,
      take(content) {
        if (++parts === 1) execution.take(content)
        else stop.abort()
      },
    }
    await expect(planRestore(repository, options, follower)).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
    await execution.abandon()
    // What had become of the first part by then is a matter of time.
    for (const folder of existsSync(fixture.target) ? readdirSync(fixture.target) : []) {
      for (const file of readdirSync(join(fixture.target, folder))) {
        const number = Number(file.slice(5))
        const length = file === 'z linked' ? 6 : number % 3 === 0 ? 0 : `content ${number % 500}`.length
        expect(lstatSync(join(fixture.target, folder, file)).size).toBe(length)
      }
    }
    expect(await fixture.restore({ verify: true })).toMatchObject({ filesTotal: FOLDERS * FILES, problems: 0 })
  })

  test('writes nothing before the lock holds', async () => {
    const fixture = await many()
    const repository = await fixture.repositories.repository.loadIndex()
    const lost = new Error('no lock')
    const execution = new RestoreExecution(repository, fixture.options(), undefined, () => Promise.reject(lost))
    // Whoever plans hears of it with the next part.
    await expect(planRestore(repository, fixture.options(), execution)).rejects.toBe(lost)
    await execution.abandon()
    expect(lstatSync(fixture.target, { throwIfNoEntry: false })).toBeUndefined()
  })
})

test.skipIf(mountsMissing !== undefined)('a full target ends the planning, too, with one error', async () => {
  const fixture = await many()
  const disk = await mountScratch('1m')
  const failure = await fixture.restore({ target: disk }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'ERR_VARVE_TARGET', hint: expect.stringContaining('room') })
})
