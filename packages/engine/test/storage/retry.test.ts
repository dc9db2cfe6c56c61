import { describe, expect, test } from 'vitest'
import { VarveError } from '@varve/platform/errors'
import type { Fault, FaultAction, StorageOperation } from '../../src/storage/fault-script.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { RetryingStorage, type RetryOptions } from '../../src/storage/retry.ts'
import { systemFailure } from '../../src/storage/storage-failure.ts'
import { describeStorage } from './contract.ts'
import { nameOf } from './numbered-objects.ts'

/** The storages behind those that the suite made. */
const behind = new WeakMap<object, MemoryStorage>()

function retryingMemory(inner: MemoryStorage): RetryingStorage {
  const storage = new RetryingStorage(inner)
  behind.set(storage, inner)
  return storage
}

describeStorage('retries that are never needed', {
  create: async () => retryingMemory(new MemoryStorage()),
  open: async (_folder, created) => retryingMemory(new MemoryStorage(behind.get(created))),
})

const BYTES = Buffer.from('0123456789')

/** Retries without waiting, in front of storage that follows a script and has two packs and nothing else. */
async function retrying(script: readonly Fault[], options: RetryOptions = {}) {
  const inner = new MemoryStorage()
  for (const n of [1, 2]) await inner.save('pack', nameOf(n), BYTES)
  const faulty = new FaultyStorage(inner, script)
  const pauses: number[] = []
  let now = 0
  const storage = new RetryingStorage(faulty, {
    now: () => now,
    wait: async (milliseconds) => {
      pauses.push(milliseconds)
      now += milliseconds
    },
    random: () => 0.5,
    ...options,
  })
  return { storage, faulty, inner, pauses }
}

/** The first so many operations of a kind go wrong. */
function first(count: number, operation: StorageOperation, action: FaultAction = { kind: 'fail' }): readonly Fault[] {
  return Array.from({ length: count }, (_, index) => ({ operation, at: index + 1, action }) as Fault)
}

/** Fails once with an error of the system underneath. */
function failingWith(code: string): { readonly storage: RetryingStorage; readonly calls: () => number } {
  const inner = new MemoryStorage()
  let calls = 0
  inner.list = async () => {
    if (calls++ === 0) throw systemFailure('list', 'there', Object.assign(new Error(code), { code }))
    return []
  }
  return { storage: new RetryingStorage(inner, { wait: async () => undefined }), calls: () => calls }
}

describe('a call that fails in passing', () => {
  test.each(['list', 'load', 'save', 'remove', 'stat'] as const)(
    'is tried until it succeeds: %s',
    async (operation) => {
      const { storage, inner, pauses } = await retrying(first(3, operation))
      const calls = {
        list: async () => expect(await storage.list('pack')).toHaveLength(2),
        load: async () => expect(Buffer.from(await storage.load('pack', nameOf(1)))).toEqual(BYTES),
        save: async () => {
          await storage.save('pack', nameOf(3), BYTES)
          expect(Buffer.from(await inner.load('pack', nameOf(3)))).toEqual(BYTES)
        },
        remove: async () => {
          await storage.remove('pack', nameOf(1))
          expect(await inner.stat('pack', nameOf(1))).toBeUndefined()
        },
        stat: async () =>
          expect(await storage.stat('pack', nameOf(1))).toEqual({ name: nameOf(1), size: BYTES.length }),
      }
      await calls[operation]()
      expect(pauses).toHaveLength(3)
    },
  )

  test('is tried again after pauses that double, up to the longest, and half of each is drawn by lot', async () => {
    const { storage, pauses } = await retrying(first(5, 'list'), { firstPause: 100, longestPause: 500 })
    await storage.list('pack')
    expect(pauses).toEqual([75, 150, 300, 375, 375])
    const drawn = await retrying(first(2, 'list'), { firstPause: 100, random: () => 0 })
    await drawn.storage.list('pack')
    expect(drawn.pauses).toEqual([50, 100])
  })

  test('fails in the end, and says how often it was tried', async () => {
    const { storage, faulty } = await retrying(first(9, 'list'), { attempts: 4 })
    await expect(storage.list('pack')).rejects.toMatchObject({
      code: 'ERR_VARVE_STORAGE',
      message: 'cannot list the pack objects: a failure was injected (tried 4 times)',
    })
    expect(faulty.performed).toHaveLength(4)
  })

  test('is not begun again after the time for all attempts', async () => {
    const { storage, pauses } = await retrying(first(9, 'list'), { firstPause: 1000, totalTime: 6000 })
    await expect(storage.list('pack')).rejects.toThrow('tried 4 times')
    expect(pauses).toEqual([750, 1500, 3000])
  })

  test('tells who wants to know', async () => {
    const told: unknown[] = []
    const { storage } = await retrying(first(1, 'list'), {
      firstPause: 100,
      onRetry: (failure, pause) => told.push([failure, pause]),
    })
    await storage.list('pack')
    expect(told).toEqual([[expect.any(VarveError), 75]])
  })

  test('with a call beside it does not hold that up', async () => {
    const gate = Promise.withResolvers<void>()
    const { storage } = await retrying(first(1, 'list'), { wait: () => gate.promise })
    const listed = storage.list('pack')
    expect(await storage.stat('pack', nameOf(1))).toBeDefined()
    gate.resolve()
    expect(await listed).toHaveLength(2)
  })
})

describe('a failure that lasts is not tried again', () => {
  test.each(['ERR_VARVE_NOT_FOUND', 'ERR_VARVE_ABORTED', 'ERR_VARVE_LOCKED'] as const)('%s', async (code) => {
    const { storage, faulty } = await retrying(first(1, 'load', { kind: 'fail', code }))
    await expect(storage.load('pack', nameOf(1))).rejects.toMatchObject({ code })
    expect(faulty.performed).toHaveLength(1)
  })

  test.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'ENOENT'])('%s', async (code) => {
    const { storage, calls } = failingWith(code)
    await expect(storage.list('pack')).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
    expect(calls()).toBe(1)
  })

  test('a mistake of the caller', async () => {
    const { storage, faulty } = await retrying([])
    await expect(storage.load('pack', '../x')).rejects.toThrow('cannot be the name')
    expect(faulty.performed.length).toBeLessThanOrEqual(1)
  })

  test.each(['ECONNRESET', 'ETIMEDOUT', 'EIO', 'EBUSY', 'EPIPE'])('but %s is', async (code) => {
    const { storage, calls } = failingWith(code)
    expect(await storage.list('pack')).toEqual([])
    expect(calls()).toBe(2)
  })
})

describe('a save', () => {
  test('that failed after it had succeeded is found out without saving again', async () => {
    const { storage, faulty } = await retrying(first(1, 'save', { kind: 'fail-after' }))
    await storage.save('pack', nameOf(3), BYTES)
    expect(faulty.performed.map(({ operation }) => operation)).toEqual(['save', 'stat'])
  })

  test('is not done again where only looking at it failed', async () => {
    const { storage, faulty } = await retrying(first(2, 'stat'))
    await storage.save('pack', nameOf(3), BYTES)
    expect(faulty.performed.map(({ operation }) => operation)).toEqual(['save', 'stat', 'stat', 'stat'])
  })

  test('of a config that failed is done again: another one may be there', async () => {
    const { storage, inner, faulty } = await retrying(first(1, 'save'))
    await inner.save('config', '', Buffer.from('an old one'))
    await storage.save('config', '', BYTES)
    expect(Buffer.from(await inner.load('config', ''))).toEqual(BYTES)
    expect(faulty.performed.filter(({ operation }) => operation === 'save')).toHaveLength(2)
  })

  test.each<[string, FaultAction]>([
    ['nothing', { kind: 'pretend' }],
    ['a part', { kind: 'truncate', length: 4 }],
  ])('that stored %s and said that it was done is done again', async (_, action) => {
    const { storage, inner } = await retrying(first(2, 'save', action))
    await storage.save('pack', nameOf(3), BYTES)
    expect(Buffer.from(await inner.load('pack', nameOf(3)))).toEqual(BYTES)
  })

  test('that never stores anything fails, and says so', async () => {
    const { storage } = await retrying(first(9, 'save', { kind: 'pretend' }), { attempts: 3 })
    await expect(storage.save('pack', nameOf(3), BYTES)).rejects.toMatchObject({
      code: 'ERR_VARVE_STORAGE',
      message: expect.stringMatching(/it is not there, although saving it was reported done \(tried 3 times\)$/),
      hint: expect.stringContaining('do not trust'),
    })
  })
})

test('a removal that failed after it had succeeded has succeeded', async () => {
  const { storage, inner } = await retrying(first(1, 'remove', { kind: 'fail-after' }))
  await storage.remove('pack', nameOf(1))
  expect(await inner.list('pack')).toHaveLength(1)
  await expect(storage.remove('pack', nameOf(1))).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
})

describe('a load that gives too little', () => {
  const range = { offset: 2, length: 6 }

  test('is tried once more', async () => {
    const { storage } = await retrying(first(1, 'load', { kind: 'truncate', length: 3 }))
    expect(Buffer.from(await storage.load('pack', nameOf(1), range)).toString()).toBe('234567')
  })

  test('is damage where it stays so', async () => {
    const { storage, faulty } = await retrying(first(9, 'load', { kind: 'truncate', length: 3 }))
    await expect(storage.load('pack', nameOf(1), range)).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
    expect(faulty.performed).toHaveLength(2)
    const short = await retrying([])
    await expect(short.storage.load('pack', nameOf(1), { offset: 5, length: 6 })).rejects.toThrow('tried 2 times')
  })
})

describe('a pause', () => {
  const ABORTED = { code: 'ERR_VARVE_ABORTED', message: expect.stringContaining('waiting to list the pack objects') }

  test('in real time ends when it is aborted', async () => {
    const controller = new AbortController()
    const inner = new FaultyStorage(new MemoryStorage(), first(1, 'list'))
    const onRetry = (): void => controller.abort()
    const storage = new RetryingStorage(inner, {
      firstPause: 3_600_000,
      totalTime: 7_200_000,
      signal: controller.signal,
      onRetry,
    })
    await expect(storage.list('pack')).rejects.toMatchObject(ABORTED)
    await expect(storage.list('pack')).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
    expect(inner.performed).toHaveLength(1)
  })

  test('ends when the storage is closed', async () => {
    const inner = new FaultyStorage(new MemoryStorage(), first(1, 'list'))
    const waiting = Promise.withResolvers<void>()
    const onRetry = (): void => waiting.resolve()
    const storage = new RetryingStorage(inner, { firstPause: 3_600_000, totalTime: 7_200_000, onRetry })
    const listed = Promise.allSettled([storage.list('pack')])
    await waiting.promise
    await storage.close()
    expect(await listed).toMatchObject([{ status: 'rejected', reason: ABORTED }])
  })
})

test('there is something to reclaim only where the storage behind says so', async () => {
  expect(new RetryingStorage(new MemoryStorage()).reclaim).toBeUndefined()
  let calls = 0
  const reclaim = async (): Promise<void> => {
    if (calls++ === 0) throw new VarveError('ERR_VARVE_STORAGE', 'busy')
  }
  const storage = new RetryingStorage(Object.assign(new MemoryStorage(), { reclaim }), { wait: async () => undefined })
  await storage.reclaim?.()
  expect(calls).toBe(2)
})
