import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { isVarveError, throwIfAborted, VarveError } from '@varve/platform/errors'
import { currentPlatform } from '@varve/platform'
import type { Platform } from '@varve/platform'
import { encodeLock, lockOf, type Lock } from '../../src/repository/lock-file.ts'
import { removeStaleLocks, withLock, type LockOptions } from '../../src/repository/lock.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { loadLocks } from '../../src/repository/stored-locks.ts'
import type { Fault } from '../../src/storage/fault-script.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import type { FileType, StoredFile } from '../../src/storage/storage.ts'
import { cheapRepository } from './cheap-repository.ts'
import { TestClock } from './test-clock.ts'
import { randomId } from './test-packs.ts'

const MINUTE = 60_000
const locked = expect.objectContaining({ code: 'ERR_VARVE_LOCKED' })
const lost = expect.objectContaining({ code: 'ERR_VARVE_LOCK_LOST' })

/** A machine named 'here', on which only this process runs. */
const platform: Platform = { ...currentPlatform(), hostName: () => 'here', processExists: (pid) => pid === process.pid }

/** A repository, its clock, and what others do with it. */
class Scene {
  readonly clock = new TestClock()
  readonly storage: MemoryStorage
  readonly repository: OpenRepository

  private constructor(storage: MemoryStorage, repository: OpenRepository) {
    this.storage = storage
    this.repository = repository
  }

  static async open(listsAtOnce = false): Promise<Scene> {
    const storage = Object.assign(new MemoryStorage(), { listsAtOnce })
    return new Scene(storage, await cheapRepository({ storage }))
  }

  options(exclusive: boolean, more: Partial<LockOptions> = {}): LockOptions {
    return { exclusive, platform, clock: this.clock, ...more }
  }

  /** Another process's lock appears. */
  addLock(changes: Partial<Lock> = {}): Promise<string> {
    const other = { ...lockOf(platform, false, this.clock.now()), hostname: 'there', ...changes }
    return this.repository.saveUnpacked('lock', encodeLock(other))
  }

  async lockNames(): Promise<readonly string[]> {
    return (await this.storage.list('lock')).map(({ name }) => name)
  }

  /** Time passes while work goes on: until `end` is called. */
  start(exclusive: boolean, more: Partial<LockOptions> = {}, repository = this.repository) {
    const end = Promise.withResolvers<string>()
    const begun = Promise.withResolvers<AbortSignal>()
    const result = withLock(repository, this.options(exclusive, more), (signal) => {
      begun.resolve(signal)
      return end.promise
    })
    result.catch(begun.reject)
    begun.promise.catch(() => undefined)
    return { result, begun: begun.promise, end: () => end.resolve('done'), fail: end.reject }
  }

  async faulty(script: readonly Fault[]): Promise<OpenRepository> {
    return openRepository({ storage: new FaultyStorage(this.storage, script), password: 'secret' })
  }
}

/** Lets others go first, at random, before and after each call. */
class ShuffledStorage extends FaultyStorage {
  readonly listsAtOnce = true
  #random: number

  constructor(storage: MemoryStorage, seed: number) {
    super(storage, [])
    this.#random = seed
  }

  async pause(): Promise<void> {
    this.#random = (Math.imul(this.#random, 1_103_515_245) + 12_345) >>> 0
    for (let turns = (this.#random >>> 16) % 4; turns > 0; turns--) await setImmediate()
  }

  override async list(type: FileType): Promise<readonly StoredFile[]> {
    await this.pause()
    const files = await super.list(type)
    await this.pause()
    return files
  }

  override async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    await this.pause()
    await super.save(type, name, bytes)
    await this.pause()
  }
}

describe('withLock', () => {
  it.each([false, true])('holds a lock while the work is done, and no longer: exclusive %s', async (exclusive) => {
    const scene = await Scene.open()
    const result = withLock(scene.repository, scene.options(exclusive), async () => {
      expect(await loadLocks(scene.repository, undefined)).toMatchObject([
        { exclusive, hostname: 'here', pid: process.pid, time: scene.clock.now() - 200 },
      ])
      return 'result'
    })
    expect(await scene.clock.passUntil(result)).toBe('result')
    expect(await scene.lockNames()).toEqual([])
  })

  it('removes its lock when the work fails', async () => {
    const scene = await Scene.open()
    const result = withLock(scene.repository, scene.options(true), () => Promise.reject(new Error('work failed')))
    await expect(scene.clock.passUntil(result)).rejects.toThrow('work failed')
    expect(await scene.lockNames()).toEqual([])
  })

  it.each([
    { mine: false, other: true },
    { mine: true, other: false },
    { mine: true, other: true },
  ])('shares only with those who share: mine exclusive $mine, other exclusive $other', async ({ mine, other }) => {
    const scene = await Scene.open()
    const name = await scene.addLock({ exclusive: other, pid: 4711, username: 'berta' })
    const result = scene.clock.passUntil(withLock(scene.repository, scene.options(mine), async () => 'done'))
    await expect(result).rejects.toThrow(locked)
    await expect(result).rejects.toThrow(/process 4711 of berta on there/)
    expect(await scene.lockNames()).toEqual([name])
  })

  it('shares with those who share', async () => {
    const scene = await Scene.open()
    const name = await scene.addLock()
    expect(await scene.clock.passUntil(withLock(scene.repository, scene.options(false), async () => 'done'))).toBe(
      'done',
    )
    expect(await scene.lockNames()).toEqual([name])
  })

  it('gives way to a lock that appears at the same time', async () => {
    const scene = await Scene.open()
    const { result, begun } = scene.start(true)
    await scene.clock.pass(100)
    expect(await scene.lockNames()).toHaveLength(1)
    const name = await scene.addLock()
    await scene.clock.pass(100)
    await expect(begun).rejects.toThrow(locked)
    await expect(result).rejects.toThrow(locked)
    expect(await scene.lockNames()).toEqual([name])
  })

  describe('that settles while the work begins', () => {
    it('is certain before anything is confirmed, and before the work counts as done', async () => {
      const scene = await Scene.open()
      const times: number[] = []
      const start = scene.clock.now()
      const result = withLock(
        scene.repository,
        scene.options(false, { settleMeanwhile: true }),
        async (_signal, confirm) => {
          times.push(scene.clock.now() - start)
          await confirm()
          times.push(scene.clock.now() - start)
        },
      )
      await scene.clock.passUntil(result)
      expect(times).toEqual([0, 200])
      const quick = withLock(scene.repository, scene.options(false, { settleMeanwhile: true }), async () => 'done')
      expect(await scene.clock.passUntil(quick)).toBe('done')
      expect(scene.clock.now() - start).toBe(400)
      expect(await scene.lockNames()).toEqual([])
    })

    it('stops the work where somebody locks exclusively at the same moment, and confirms nothing', async () => {
      const scene = await Scene.open()
      const seen: { signal?: AbortSignal; confirmed?: unknown } = {}
      const result = withLock(
        scene.repository,
        scene.options(false, { settleMeanwhile: true }),
        async (signal, confirm) => {
          seen.signal = signal
          seen.confirmed = await confirm().then(
            () => 'confirmed',
            (error: unknown) => error,
          )
          throwIfAborted(signal)
        },
      )
      result.catch(() => undefined)
      await scene.clock.pass(100)
      const name = await scene.addLock({ exclusive: true })
      await scene.clock.pass(100)
      await expect(result).rejects.toThrow(locked)
      expect(seen.confirmed).toEqual(locked)
      expect(seen.signal?.reason).toEqual(locked)
      expect(await scene.lockNames()).toEqual([name])
    })

    it('does not count work as done that nobody confirmed', async () => {
      const scene = await Scene.open()
      const result = withLock(scene.repository, scene.options(false, { settleMeanwhile: true }), async () => 'done')
      result.catch(() => undefined)
      await scene.addLock({ exclusive: true })
      await expect(scene.clock.passUntil(result)).rejects.toThrow(locked)
    })

    it('does not begin where the repository is locked already', async () => {
      const scene = await Scene.open()
      await scene.addLock({ exclusive: true })
      const begun: string[] = []
      const options = scene.options(false, { settleMeanwhile: true })
      const result = withLock(scene.repository, options, async () => begun.push('begun'))
      await expect(scene.clock.passUntil(result)).rejects.toThrow(locked)
      expect(begun).toEqual([])
    })

    it('is waited for where others are waited for: what has begun cannot begin again', async () => {
      const scene = await Scene.open()
      const options = scene.options(false, { settleMeanwhile: true, retryLock: MINUTE })
      const start = scene.clock.now()
      const began = withLock(scene.repository, options, async () => scene.clock.now() - start)
      expect(await scene.clock.passUntil(began)).toBe(200)
    })
  })

  describe('where locks are seen at once', () => {
    it('waits for nothing, and still gives way to a lock that appears at the same moment', async () => {
      const scene = await Scene.open(true)
      const start = scene.clock.now()
      expect(await withLock(scene.repository, scene.options(true), async () => scene.clock.now() - start)).toBe(0)
      const save = scene.storage.save.bind(scene.storage)
      scene.storage.save = async (...object) => {
        await save(...object)
        scene.storage.save = save
        await scene.addLock()
      }
      const work = vi.fn<() => Promise<void>>()
      await expect(withLock(scene.repository, scene.options(true), work)).rejects.toThrow(locked)
      expect(work).not.toHaveBeenCalled()
      expect(await scene.lockNames()).toHaveLength(1)
    })

    it('never lets one who works exclusively meet anybody, in whatever order their calls reach the storage', async () => {
      const scene = await Scene.open(true)
      const storages = [1, 2, 3].map((seed) => new ShuffledStorage(scene.storage, seed))
      const repositories = await Promise.all(
        storages.map(async (storage) => ({
          storage,
          repository: await openRepository({ storage, password: 'secret' }),
        })),
      )
      const refused: unknown[] = []
      const meetings: (readonly boolean[])[] = []
      for (let round = 0; round < 100; round++) {
        const working: boolean[] = []
        const runs = repositories.map(async ({ storage, repository }, number) => {
          const exclusive = number === 0 || (number === 1 && round % 2 === 0)
          const work = async (): Promise<void> => {
            working.push(exclusive)
            if (working.length > 1 && working.includes(true)) meetings.push([...working])
            await storage.pause()
            working.splice(working.indexOf(exclusive), 1)
          }
          await withLock(repository, scene.options(exclusive), work).catch((error: unknown) => refused.push(error))
        })
        await Promise.all(runs)
        expect(await scene.lockNames()).toEqual([])
      }
      expect(meetings).toEqual([])
      expect(refused.length).toBeGreaterThan(10)
      expect(refused.filter((error) => !isVarveError(error, 'ERR_VARVE_LOCKED'))).toEqual([])
    })
  })

  it('never lets two processes work exclusively, whenever they come', async () => {
    for (const delay of [0, 1, 100, 199, 200, 201]) {
      const scene = await Scene.open()
      let working = 0
      const work = async (): Promise<void> => {
        expect(++working).toBe(1)
        await scene.clock.sleep(1000)
        working--
      }
      const options = scene.options(true, { retryLock: 10 * MINUTE })
      const first = withLock(scene.repository, options, work)
      await scene.clock.pass(delay)
      const second = withLock(scene.repository, options, work)
      await scene.clock.passUntil(Promise.all([first, second]))
      expect(await scene.lockNames()).toEqual([])
    }
  })

  it('passes over empty lock files, and locks that vanish while they are read', async () => {
    const scene = await Scene.open()
    await scene.storage.save('lock', randomId(), new Uint8Array(0))
    await scene.addLock({ exclusive: true })
    const load = scene.storage.load.bind(scene.storage)
    scene.storage.load = async (type, name, range) => {
      if (type === 'lock') await scene.storage.remove(type, name)
      return load(type, name, range)
    }
    expect(await scene.clock.passUntil(withLock(scene.repository, scene.options(true), async () => 'done'))).toBe(
      'done',
    )
  })

  it('names a lock that cannot be read, when it has tried for some time', async () => {
    const scene = await Scene.open()
    const id = randomId()
    await scene.storage.save('lock', id, Buffer.from('nonsense'))
    const start = scene.clock.now()
    const result = scene.clock.passUntil(withLock(scene.repository, scene.options(false), async () => 'done'))
    await expect(result).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_VARVE_DAMAGED', message: expect.stringContaining(id) }),
    )
    expect(scene.clock.now() - start).toBe(7_000)
    expect(await scene.lockNames()).toEqual([id])
  })

  it('goes on when a lock could be read at last', async () => {
    const scene = await Scene.open()
    const name = await scene.addLock()
    const repository = await scene.faulty([
      { at: 1, operation: 'load', type: 'lock', action: { kind: 'truncate', length: 10 } },
      { at: 2, operation: 'load', type: 'lock', action: { kind: 'corrupt', bit: 300 } },
    ])
    expect(await scene.clock.passUntil(withLock(repository, scene.options(false), async () => 'done'))).toBe('done')
    expect(await scene.lockNames()).toEqual([name])
  })

  it('removes the lock of a process of this machine that is gone, if it is in the way', async () => {
    const scene = await Scene.open()
    await scene.addLock({ hostname: 'here', pid: process.pid + 1, exclusive: true })
    expect(await scene.clock.passUntil(withLock(scene.repository, scene.options(false), async () => 'done'))).toBe(
      'done',
    )
    expect(await scene.lockNames()).toEqual([])
  })

  it('leaves the lock of a live process of this machine, and an old one of another machine', async () => {
    for (const changes of [{ hostname: 'here' }, { time: 0 }]) {
      const scene = await Scene.open()
      const name = await scene.addLock({ exclusive: true, ...changes })
      const result = scene.clock.passUntil(withLock(scene.repository, scene.options(false), async () => 'done'))
      await expect(result).rejects.toThrow(locked)
      expect(await scene.lockNames()).toEqual([name])
    }
  })

  it('waits for others as long as it is told', async () => {
    const scene = await Scene.open()
    await scene.addLock({ exclusive: true })
    const start = scene.clock.now()
    const result = withLock(scene.repository, scene.options(false, { retryLock: 3 * MINUTE }), async () => 'done')
    await expect(scene.clock.passUntil(result)).rejects.toThrow(locked)
    expect(scene.clock.now() - start).toBe(3 * MINUTE)
  })

  it('gets the lock soon after others have gone', async () => {
    const scene = await Scene.open()
    const name = await scene.addLock({ exclusive: true })
    const { result, begun, end } = scene.start(true, { retryLock: 60 * MINUTE })
    await scene.clock.pass(8 * MINUTE)
    await scene.storage.remove('lock', name)
    const gone = scene.clock.now()
    await scene.clock.passUntil(begun)
    expect(scene.clock.now() - gone).toBeLessThan(76_000)
    end()
    expect(await scene.clock.passUntil(result)).toBe('done')
  })

  it('stops waiting on request', async () => {
    const scene = await Scene.open()
    await scene.addLock({ exclusive: true })
    const abort = new AbortController()
    const { result } = scene.start(false, { retryLock: 60 * MINUTE, signal: abort.signal })
    await scene.clock.pass(1_000)
    abort.abort()
    await expect(result).rejects.toThrow(expect.objectContaining({ code: 'ERR_VARVE_ABORTED' }))
    expect(await scene.lockNames()).toHaveLength(1)
  })

  it('leaves no lock when it is stopped at any moment', async () => {
    for (const moment of [0, 100, 200, 1_000]) {
      const scene = await Scene.open()
      const abort = new AbortController()
      const result = withLock(scene.repository, scene.options(true, { signal: abort.signal }), async (signal) => {
        await scene.clock.sleep(MINUTE, signal)
        throwIfAborted(signal)
      })
      result.catch(() => undefined)
      await scene.clock.pass(moment)
      abort.abort()
      await expect(result).rejects.toThrow(expect.objectContaining({ code: 'ERR_VARVE_ABORTED' }))
      expect(await scene.lockNames()).toEqual([])
    }
  })

  it('writes nothing and waits for nobody without a lock', async () => {
    const scene = await Scene.open()
    await scene.addLock({ exclusive: true })
    const repository = await scene.faulty([{ at: 1, operation: 'save', action: { kind: 'fail' } }])
    expect(await withLock(repository, scene.options(true, { noLock: true }), async () => 'done')).toBe('done')
  })

  it.each([true, false])('says that reading needs no lock where none can be written: reading %s', async (reading) => {
    const scene = await Scene.open()
    const repository = await scene.faulty([{ at: 1, operation: 'save', action: { kind: 'fail' } }])
    const failure = await withLock(repository, scene.options(false, { reading }), async () => 'done').catch(
      (error: unknown) => error,
    )
    if (!(failure instanceof VarveError)) throw failure
    expect(failure.code).toBe('ERR_VARVE_STORAGE')
    expect(String(failure.hint).includes('--no-lock')).toBe(reading)
  })

  it('fails where it cannot write its lock', async () => {
    const scene = await Scene.open()
    const repository = await scene.faulty([{ at: 1, operation: 'save', action: { kind: 'fail' } }])
    await expect(withLock(repository, scene.options(false), async () => 'done')).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_VARVE_STORAGE' }),
    )
  })

  it('lets the process survive the signal by which restic asks whether it is alive, and only meanwhile', async () => {
    const scene = await Scene.open()
    const listeners = process.listenerCount('SIGHUP')
    const { result, begun, end } = scene.start(true)
    await scene.clock.passUntil(begun)
    expect(process.listenerCount('SIGHUP')).toBe(listeners + 1)
    const heard = once(process, 'SIGHUP')
    process.kill(process.pid, 'SIGHUP')
    await heard
    end()
    expect(await scene.clock.passUntil(result)).toBe('done')
    expect(process.listenerCount('SIGHUP')).toBe(listeners)
  })

  it('gives what the work gave even where the lock cannot be removed', async () => {
    const scene = await Scene.open()
    const script: Fault[] = [1, 2, 3].map((at) => ({ at, operation: 'remove', type: 'lock', action: { kind: 'fail' } }))
    const repository = await scene.faulty(script)
    expect(await scene.clock.passUntil(withLock(repository, scene.options(true), async () => 'done'))).toBe('done')
    expect(await scene.lockNames()).toHaveLength(1)
  })
})

describe('a held lock', () => {
  it('is refreshed every five minutes, by a new one before the old one goes', async () => {
    const scene = await Scene.open()
    const { result, begun, end } = scene.start(true)
    await scene.clock.passUntil(begun)
    const seen = new Set<string>()
    let most = 0
    const save = scene.storage.save.bind(scene.storage)
    scene.storage.save = async (type, name, bytes) => {
      await save(type, name, bytes)
      most = Math.max(most, (await scene.lockNames()).length)
    }
    for (let minute = 0; minute < 60; minute++) {
      await scene.clock.pass(MINUTE)
      const [lock, ...others] = await loadLocks(scene.repository, undefined)
      expect(others).toEqual([])
      expect(scene.clock.now() - (lock?.time ?? 0)).toBeLessThan(5 * MINUTE + 2_000)
      seen.add(lock?.id ?? '')
    }
    // The first and twelve more.
    expect(seen.size).toBe(13)
    expect(most).toBe(2)
    end()
    expect(await scene.clock.passUntil(result)).toBe('done')
    expect(await scene.lockNames()).toEqual([])
  })

  it('is lost after 22.5 minutes without a refresh, and the work is told', async () => {
    const scene = await Scene.open()
    const script: Fault[] = Array.from({ length: 100 }, (_, i) => ({
      at: i + 2,
      operation: 'save',
      type: 'lock',
      action: { kind: 'fail' },
    }))
    const { result, begun, end } = scene.start(true, {}, await scene.faulty(script))
    const signal = await scene.clock.passUntil(begun)
    await scene.clock.pass(22.4 * MINUTE)
    expect(signal.aborted).toBe(false)
    await scene.clock.pass(0.1 * MINUTE + 2_000)
    expect(signal.aborted).toBe(true)
    expect(signal.reason).toEqual(lost)
    // Work that does not look at its signal must not pass for done either.
    end()
    await expect(scene.clock.passUntil(result)).rejects.toThrow(lost)
    expect(await scene.lockNames()).toEqual([])
  })

  it('survives refreshes that fail for some time', async () => {
    const scene = await Scene.open()
    const script: Fault[] = [2, 3, 4, 5].map((at) => ({
      at,
      operation: 'save',
      type: 'lock',
      action: { kind: 'fail' },
    }))
    const { result, begun, end } = scene.start(true, {}, await scene.faulty(script))
    const signal = await scene.clock.passUntil(begun)
    await scene.clock.pass(40 * MINUTE)
    expect(signal.aborted).toBe(false)
    end()
    expect(await scene.clock.passUntil(result)).toBe('done')
    expect(await scene.lockNames()).toEqual([])
  })

  it('leaves none behind where old ones could not be removed at once', async () => {
    const scene = await Scene.open()
    const script: Fault[] = [1, 2].map((at) => ({ at, operation: 'remove', type: 'lock', action: { kind: 'fail' } }))
    const { result, begun, end } = scene.start(false, {}, await scene.faulty(script))
    await scene.clock.passUntil(begun)
    await scene.clock.pass(5 * MINUTE + 1_000)
    expect(await scene.lockNames()).toHaveLength(2)
    await scene.clock.pass(2 * MINUTE)
    expect(await scene.lockNames()).toHaveLength(1)
    end()
    await scene.clock.passUntil(result)
    expect(await scene.lockNames()).toEqual([])
  })

  it('is lost when somebody has removed it', async () => {
    const scene = await Scene.open()
    const { result, begun, end } = scene.start(false)
    const signal = await scene.clock.passUntil(begun)
    for (const name of await scene.lockNames()) await scene.storage.remove('lock', name)
    await scene.clock.pass(5 * MINUTE + 1_000)
    expect(signal.reason).toEqual(lost)
    end()
    await expect(scene.clock.passUntil(result)).rejects.toThrow(lost)
    expect(await scene.lockNames()).toEqual([])
  })

  it('is lost while a refresh hangs', async () => {
    const scene = await Scene.open()
    const { begun, end, result } = scene.start(true)
    const signal = await scene.clock.passUntil(begun)
    const hanging = Promise.withResolvers<void>()
    scene.storage.save = () => hanging.promise
    await scene.clock.pass(23 * MINUTE)
    expect(signal.reason).toEqual(lost)
    hanging.reject(new VarveError('ERR_VARVE_STORAGE', 'gave up'))
    end()
    await expect(scene.clock.passUntil(result)).rejects.toThrow(lost)
  })

  it('is taken up again after the machine has slept, if it is shared and still there', async () => {
    const scene = await Scene.open()
    const { result, begun, end } = scene.start(false)
    const signal = await scene.clock.passUntil(begun)
    await scene.clock.jump(8 * 60 * MINUTE)
    await scene.clock.pass(2_000)
    expect(signal.aborted).toBe(false)
    expect(await loadLocks(scene.repository, undefined)).toMatchObject([
      { time: expect.closeTo(scene.clock.now(), -4) },
    ])
    end()
    expect(await scene.clock.passUntil(result)).toBe('done')
    expect(await scene.lockNames()).toEqual([])
  })

  it.each([
    { what: 'it is exclusive', exclusive: true, removed: false },
    { what: 'it is gone', exclusive: false, removed: true },
  ])('is lost after the machine has slept if $what', async ({ exclusive, removed }) => {
    const scene = await Scene.open()
    const { result, begun, end } = scene.start(exclusive)
    const signal = await scene.clock.passUntil(begun)
    if (removed) for (const name of await scene.lockNames()) await scene.storage.remove('lock', name)
    await scene.clock.jump(8 * 60 * MINUTE)
    expect(signal.reason).toEqual(lost)
    end()
    await expect(scene.clock.passUntil(result)).rejects.toThrow(lost)
    expect(await scene.lockNames()).toEqual([])
  })
})

describe('removeStaleLocks', () => {
  it('removes stale locks and leaves the others', async () => {
    const scene = await Scene.open()
    const live = await scene.addLock()
    await scene.addLock({ time: scene.clock.now() - 31 * MINUTE })
    await scene.addLock({ hostname: 'here', pid: process.pid + 1, space: undefined })
    const unreadable = randomId()
    await scene.storage.save('lock', unreadable, Buffer.from('nonsense'))
    expect(await removeStaleLocks(scene.repository, { platform, clock: scene.clock })).toBe(2)
    expect((await scene.lockNames()).toSorted()).toEqual([live, unreadable].toSorted())
  })

  it('removes all when told to', async () => {
    const scene = await Scene.open()
    await scene.addLock()
    await scene.storage.save('lock', randomId(), Buffer.from('nonsense'))
    await scene.storage.save('lock', randomId(), new Uint8Array(0))
    expect(await removeStaleLocks(scene.repository, { all: true, platform, clock: scene.clock })).toBe(3)
    expect(await scene.lockNames()).toEqual([])
  })
})
