import { expect, test } from 'vitest'
import type { Fault } from '../../src/storage/fault-script.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { describeStorage } from './contract.ts'
import { nameOf } from './numbered-objects.ts'

/** The storages behind those that the suite made. */
const behind = new WeakMap<object, MemoryStorage>()

function faulty(
  script: readonly Fault[],
  inner = new MemoryStorage(),
): { storage: FaultyStorage; inner: MemoryStorage } {
  const storage = new FaultyStorage(inner, script)
  behind.set(storage, inner)
  return { storage, inner }
}

describeStorage('faults that never happen', {
  create: async () => faulty([]).storage,
  open: async (_folder, created) => faulty([], new MemoryStorage(behind.get(created))).storage,
})

const BYTES = Buffer.from('0123456789')
const FAILED = { code: 'ERR_VARVE_STORAGE', message: expect.stringContaining('a failure was injected') }
const CRASHED = { code: 'ERR_VARVE_STORAGE', message: expect.stringContaining('a crash was injected') }

/** The text of a pack, or undefined where there is none. */
async function textOf(inner: MemoryStorage, n: number): Promise<string | undefined> {
  const there = await inner.stat('pack', nameOf(n))
  return there === undefined ? undefined : Buffer.from(await inner.load('pack', nameOf(n))).toString()
}

/** What a call that is under way fails with in the end. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call
  } catch (error) {
    return error
  }
}

test('what fails is not done, and only that once', async () => {
  const { storage, inner } = faulty([{ operation: 'save', type: 'pack', at: 2, action: { kind: 'fail' } }])
  await storage.save('index', nameOf(1), BYTES)
  await storage.save('pack', nameOf(1), BYTES)
  await expect(storage.save('pack', nameOf(2), BYTES)).rejects.toMatchObject(FAILED)
  expect(await textOf(inner, 2)).toBeUndefined()
  await storage.save('pack', nameOf(2), BYTES)
  expect(await textOf(inner, 2)).toBe('0123456789')
})

test('what fails afterwards is done', async () => {
  const { storage, inner } = faulty([
    { operation: 'save', at: 1, action: { kind: 'fail-after' } },
    { operation: 'remove', at: 1, action: { kind: 'fail-after' } },
  ])
  await expect(storage.save('pack', nameOf(1), BYTES)).rejects.toMatchObject(FAILED)
  expect(await textOf(inner, 1)).toBe('0123456789')
  await expect(storage.remove('pack', nameOf(1))).rejects.toMatchObject(FAILED)
  expect(await textOf(inner, 1)).toBeUndefined()
})

test('a failure has the code that the script wants', async () => {
  const { storage } = faulty([{ operation: 'load', at: 1, action: { kind: 'fail', code: 'ERR_VARVE_NOT_FOUND' } }])
  await storage.save('pack', nameOf(1), BYTES)
  await expect(storage.load('pack', nameOf(1))).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
})

test.each(['list', 'load', 'save', 'remove', 'stat', 'reclaim'] as const)('%s can fail', async (operation) => {
  const inner = Object.assign(new MemoryStorage(), { reclaim: async () => undefined })
  const { storage } = faulty([{ operation, at: 1, action: { kind: 'fail' } }], inner)
  const calls = {
    save: () => storage.save('pack', nameOf(1), BYTES),
    list: () => storage.list('pack'),
    load: () => storage.load('pack', nameOf(1)),
    stat: () => storage.stat('pack', nameOf(1)),
    remove: () => storage.remove('pack', nameOf(1)),
    reclaim: async () => storage.reclaim?.(),
  }
  await inner.save('pack', nameOf(1), BYTES)
  await expect(calls[operation]()).rejects.toMatchObject(FAILED)
  for (const other of ['save', 'list', 'load', 'stat', 'remove', 'reclaim'] as const) await calls[other]()
})

test('what is truncated or corrupt is stored or loaded so, and nobody is told', async () => {
  const { storage, inner } = faulty([
    { operation: 'save', at: 1, action: { kind: 'truncate', length: 4 } },
    { operation: 'save', at: 2, action: { kind: 'corrupt', bit: 8 } },
    { operation: 'load', at: 1, action: { kind: 'truncate', length: 3 } },
    { operation: 'load', at: 2, action: { kind: 'corrupt', bit: 81 } },
  ])
  const bytes = Buffer.from(BYTES)
  await storage.save('pack', nameOf(1), bytes)
  await storage.save('pack', nameOf(2), bytes)
  expect(bytes.toString()).toBe('0123456789')
  expect(await textOf(inner, 1)).toBe('0123')
  expect(await textOf(inner, 2)).toBe('0023456789')
  await inner.save('pack', nameOf(3), bytes)
  const truncated = await storage.load('pack', nameOf(3), { offset: 1, length: 8 })
  expect(Buffer.from(truncated).toString()).toBe('123')
  expect(truncated.buffer.byteLength).toBe(3)
  expect(Buffer.from(await storage.load('pack', nameOf(3))).toString()).toBe('2123456789')
  expect(await textOf(inner, 3)).toBe('0123456789')
})

test('a list leaves out what it should, and only that once', async () => {
  const { storage, inner } = faulty([
    { operation: 'list', type: 'pack', at: 1, action: { kind: 'omit-new' } },
    { operation: 'list', type: 'pack', at: 2, action: { kind: 'omit', position: 3 } },
  ])
  await inner.save('pack', nameOf(1), BYTES)
  await storage.save('pack', nameOf(2), BYTES)
  await storage.save('index', nameOf(1), BYTES)
  const names = async (): Promise<readonly string[]> => (await storage.list('pack')).map(({ name }) => name)
  expect(await names()).toEqual([nameOf(1)])
  expect(await names()).toEqual([[nameOf(1), nameOf(2)].toSorted()[0]])
  expect((await names()).toSorted()).toEqual([nameOf(1), nameOf(2)].toSorted())
  expect(
    await faulty([{ operation: 'list', at: 1, action: { kind: 'omit', position: 0 } }]).storage.list('pack'),
  ).toEqual([])
})

test('what is only pretended is not done, and nobody is told', async () => {
  const { storage, inner } = faulty([
    { operation: 'save', at: 1, action: { kind: 'pretend' } },
    { operation: 'remove', at: 1, action: { kind: 'pretend' } },
  ])
  await storage.save('pack', nameOf(1), BYTES)
  expect(await textOf(inner, 1)).toBeUndefined()
  await storage.save('pack', nameOf(1), BYTES)
  await storage.remove('pack', nameOf(1))
  expect(await textOf(inner, 1)).toBe('0123456789')
})

test('damage to what is empty leaves it empty', async () => {
  const { storage, inner } = faulty([{ operation: 'save', at: 1, action: { kind: 'corrupt', bit: 3 } }])
  await storage.save('pack', nameOf(1), new Uint8Array())
  expect(await textOf(inner, 1)).toBe('')
})

test.each([
  ['before', undefined],
  ['after', '0123456789'],
  ['torn', '01234'],
] as const)('a crash %s a save leaves %s', async (when, left) => {
  const { storage, inner } = faulty([{ operation: 'save', at: 2, action: { kind: 'crash', when } }])
  await storage.save('pack', nameOf(1), BYTES)
  expect(storage.crashed).toBe(false)
  await expect(storage.save('pack', nameOf(2), BYTES)).rejects.toMatchObject(CRASHED)
  expect(storage.crashed).toBe(true)
  await expect(storage.list('pack')).rejects.toMatchObject(CRASHED)
  await expect(storage.load('pack', nameOf(1))).rejects.toMatchObject(CRASHED)
  await expect(storage.stat('pack', nameOf(1))).rejects.toMatchObject(CRASHED)
  await expect(storage.remove('pack', nameOf(1))).rejects.toMatchObject(CRASHED)
  await expect(storage.save('pack', nameOf(3), BYTES)).rejects.toMatchObject(CRASHED)
  expect(storage.performed.length).toBe(2)
  await storage.close()
  const next = new MemoryStorage(inner)
  expect(await textOf(next, 1)).toBe('0123456789')
  expect(await textOf(next, 2)).toBe(left)
  expect(await textOf(next, 3)).toBeUndefined()
})

test('a crash also takes the operations that are under way', async () => {
  const inner = new MemoryStorage()
  const slow = Promise.withResolvers<void>()
  const save = inner.save.bind(inner)
  inner.save = async (type, name, bytes) => {
    await slow.promise
    await save(type, name, bytes)
  }
  const { storage } = faulty([{ operation: 'stat', at: 1, action: { kind: 'crash', when: 'before' } }], inner)
  const underWay = failureOf(storage.save('pack', nameOf(1), BYTES))
  await expect(storage.stat('pack', nameOf(1))).rejects.toMatchObject(CRASHED)
  slow.resolve()
  expect(await underWay).toMatchObject(CRASHED)
})

test('a delay is waited for, and then the operation done', async () => {
  const waits: number[] = []
  const gate = Promise.withResolvers<void>()
  const inner = new MemoryStorage()
  const script = [{ operation: 'save', at: 1, action: { kind: 'delay', milliseconds: 5000 } }] as const
  const wait = (milliseconds: number): Promise<void> => {
    waits.push(milliseconds)
    return gate.promise
  }
  const storage = new FaultyStorage(inner, script, { wait })
  const saved = storage.save('pack', nameOf(1), BYTES)
  expect(await storage.stat('pack', nameOf(1))).toBeUndefined()
  expect(waits).toEqual([5000])
  gate.resolve()
  await saved
  expect(await textOf(inner, 1)).toBe('0123456789')
})

test('a delay can be followed by another fault', async () => {
  const { storage, inner } = faulty([
    { at: 1, action: { kind: 'fail' } },
    { operation: 'save', at: 1, action: { kind: 'delay', milliseconds: 1 } },
  ])
  await expect(storage.save('pack', nameOf(1), BYTES)).rejects.toMatchObject(FAILED)
  expect(await textOf(inner, 1)).toBeUndefined()
})

test('a delay in real time ends when it is aborted, and when the storage is closed', async () => {
  const script: readonly Fault[] = [1, 2].map((at) => ({ at, action: { kind: 'delay', milliseconds: 3_600_000 } }))
  const aborting = new AbortController()
  const aborted = { code: 'ERR_VARVE_ABORTED' }
  const inner = new MemoryStorage()
  const first = new FaultyStorage(inner, script, { signal: aborting.signal })
  const save = failureOf(first.save('pack', nameOf(1), BYTES))
  aborting.abort()
  expect(await save).toMatchObject(aborted)
  await expect(first.list('pack')).rejects.toMatchObject(aborted)
  const second = new FaultyStorage(new MemoryStorage(inner), script)
  const load = failureOf(second.load('pack', nameOf(1)))
  await second.close()
  expect(await load).toMatchObject(aborted)
  expect(await textOf(inner, 1)).toBeUndefined()
})

async function run(storage: FaultyStorage): Promise<void> {
  for (const n of [1, 2]) await storage.save('pack', nameOf(n), BYTES)
  await storage.save('index', nameOf(1), BYTES)
  for (const { name } of await storage.list('pack')) await storage.remove('pack', name)
}

test('operations are counted, so that a run can be repeated with a crash at each of them', async () => {
  const counted = faulty([])
  await run(counted.storage)
  expect(counted.storage.performed).toEqual([
    { operation: 'save', type: 'pack', name: nameOf(1) },
    { operation: 'save', type: 'pack', name: nameOf(2) },
    { operation: 'save', type: 'index', name: nameOf(1) },
    { operation: 'list', type: 'pack' },
    { operation: 'remove', type: 'pack', name: nameOf(1) },
    { operation: 'remove', type: 'pack', name: nameOf(2) },
  ])
  const packsLeft: number[] = []
  for (let at = 1; at <= counted.storage.performed.length; at++) {
    const { storage, inner } = faulty([{ at, action: { kind: 'crash', when: 'before' } }])
    await expect(run(storage)).rejects.toMatchObject(CRASHED)
    expect(storage.performed).toEqual(counted.storage.performed.slice(0, at))
    packsLeft.push((await inner.list('pack')).length)
  }
  expect(packsLeft).toEqual([0, 1, 2, 2, 2, 1])
})

test('there is something to reclaim only where the storage behind says so', () => {
  expect(faulty([]).storage.reclaim).toBeUndefined()
})
