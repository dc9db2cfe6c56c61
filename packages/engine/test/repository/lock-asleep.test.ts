import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { currentPlatform } from '@varve/platform'
import { prune } from '../../src/maintenance/prune.ts'
import { systemClock } from '../../src/repository/lock-clock.ts'
import { withLock } from '../../src/repository/lock.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import type { FileType } from '../../src/storage/storage.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { takeSnapshot } from '../snapshot/take-snapshot.ts'
import { cheapRepository } from './cheap-repository.ts'
import { TestClock } from './test-clock.ts'

const HOUR = 60 * 60_000
const platform = { ...currentPlatform(), hostName: () => 'here' }
const lost = expect.objectContaining({ code: 'ERR_VARVE_LOCK_LOST' })

async function removeLocks(storage: MemoryStorage): Promise<void> {
  for (const { name } of await storage.list('lock')) await storage.remove('lock', name)
}

/** Asks right after the machine has slept for a night: before anybody else has looked at the time. */
async function askAfterNight(exclusive: boolean, isRemoved: boolean): Promise<unknown> {
  const clock = new TestClock()
  const storage = new MemoryStorage()
  const repository = await cheapRepository({ storage })
  const begun = Promise.withResolvers<{ readonly signal: AbortSignal; readonly confirm: () => Promise<void> }>()
  const end = Promise.withResolvers<void>()
  const work = withLock(repository, { exclusive, platform, clock }, (signal, confirm) => {
    begun.resolve({ signal, confirm })
    return end.promise
  })
  work.catch(() => undefined)
  const { signal, confirm } = await clock.passUntil(begun.promise)
  await confirm()
  if (isRemoved) await removeLocks(storage)
  const morning = clock.jump(8 * HOUR)
  expect(signal.aborted).toBe(false)
  const asked = confirm().then(
    () => 'it holds',
    (error: unknown) => error,
  )
  await morning
  const answer = await clock.passUntil(asked)
  end.resolve()
  await clock.passUntil(work.catch(() => undefined))
  expect(await storage.list('lock')).toEqual([])
  return answer
}

describe('who asks whether the lock holds', () => {
  it('is told at once that it does as long as it is fresh, and when it could be taken up again', async () => {
    expect(await askAfterNight(false, false)).toBe('it holds')
  })

  it('is told that it does not where it is gone, or was exclusive', async () => {
    expect(await askAfterNight(false, true)).toEqual(lost)
    expect(await askAfterNight(true, false)).toEqual(lost)
  })
})

/** Storage during whose operations a night passes: before the first save of a kind, or the first removal. */
class NightStorage extends MemoryStorage {
  readonly #moment: FileType | 'remove'
  slept = false
  writes: string[] = []

  constructor(moment: FileType | 'remove') {
    super()
    this.#moment = moment
  }

  /** Nobody is there to refresh the lock, and somebody else removes it. */
  async #sleep(): Promise<void> {
    if (this.slept) return
    this.slept = true
    const morning = Date.now() + 8 * HOUR
    vi.spyOn(systemClock, 'now').mockImplementation(() => morning)
    await removeLocks(this)
  }

  override async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    await super.save(type, name, bytes)
    if (this.slept && type !== 'lock') this.writes.push(`save ${type}`)
    if (type === this.#moment) await this.#sleep()
  }

  override async remove(type: FileType, name: string): Promise<void> {
    await super.remove(type, name)
    if (this.slept && type !== 'lock') this.writes.push(`remove ${type}`)
    if (this.#moment === 'remove' && type === 'snapshot') await this.#sleep()
  }
}

async function scene(moment: FileType | 'remove') {
  const folder = mkdtempSync(join(tmpdir(), 'varve-asleep-'))
  onTestFinished(() => {
    vi.restoreAllMocks()
    rmSync(folder, { recursive: true, force: true })
  })
  for (let number = 0; number < 3; number++) writeFileSync(join(folder, `file ${number}`), noise(9_000_000, number + 1))
  const storage = new NightStorage(moment)
  return { folder, storage, repository: await cheapRepository({ storage }) }
}

describe('a machine that sleeps, and finds its lock gone', () => {
  it.each(['pack', 'index'] as const)(
    'while it stores a %s: writes no index and no snapshot any more',
    async (moment) => {
      const { folder, storage, repository } = await scene(moment)
      await expect(takeSnapshot(repository, { paths: [folder], noLock: false })).rejects.toEqual(lost)
      expect(storage.slept).toBe(true)
      expect(storage.writes.filter((write) => write !== 'save pack')).toEqual([])
      expect(await repository.snapshots()).toEqual([])
    },
  )

  it('while it prunes: removes nothing any more', async () => {
    const { folder, storage, repository } = await scene('remove')
    const { result } = await takeSnapshot(repository, { paths: [folder] })
    const packs = await storage.list('pack')
    const id = result.snapshot?.id
    await expect(prune(repository, id === undefined ? {} : { remove: [id] })).rejects.toEqual(lost)
    expect(storage.slept).toBe(true)
    expect(storage.writes.filter((write) => write.startsWith('remove'))).toEqual([])
    expect(await storage.list('pack')).toEqual(packs)
  })
})
