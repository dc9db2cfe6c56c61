import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { BlobClaims } from '../../src/repository/blob-claims.ts'
import { BlobIndex } from '../../src/repository/blob-index.ts'
import { ID_SIZE, idToBytes } from '../../src/repository/id.ts'
import { SharedLock } from '../../src/repository/shared-lock.ts'
import type { ClaimingThreadData } from './claiming-thread.ts'
import { imaginaryPack } from './test-packs.ts'

const THREADS = 4

/** Lets threads claim all of `ids` at the same time, and tells what each won. */
async function race(claims: BlobClaims, ids: Uint8Array, sameStart: boolean): Promise<number[][]> {
  const go = new SharedArrayBuffer(4)
  const threads = Array.from({ length: THREADS }, (_, i) => {
    const start = sameStart ? 0 : Math.floor((ids.length / ID_SIZE / THREADS) * i)
    const data: ClaimingThreadData = { claims: claims.shared, ids, start, go }
    return new Worker(new URL('./claiming-thread.ts', import.meta.url), { workerData: data })
  })
  await Promise.all(threads.map((thread) => once(thread, 'message')))
  const results = threads.map((thread) => once(thread, 'message'))
  Atomics.store(new Int32Array(go), 0, 1)
  Atomics.notify(new Int32Array(go), 0)
  return (await Promise.all(results)).map(([won]) => won as number[])
}

describe('BlobClaims', () => {
  it('are won once for each blob', () => {
    const claims = BlobClaims.create(new BlobIndex())
    const id = randomBytes(32)
    expect(claims.claim('data', id)).toBe(true)
    expect(claims.claim('data', id)).toBe(false)
    expect(claims.claim('tree', id)).toBe(true)
    expect(claims.claim('tree', id)).toBe(false)
    expect(claims.count).toBe(2)
  })

  it('are not won for blobs that the index has', () => {
    const index = new BlobIndex()
    const pack = imaginaryPack(100)
    index.add(pack)
    const claims = BlobClaims.create(index)
    for (const { id } of pack.blobs) {
      expect(claims.claim('data', idToBytes(id))).toBe(false)
      expect(claims.claim('tree', idToBytes(id))).toBe(true)
    }
  })

  it('hold many, also when another view has made them grow', () => {
    const claims = BlobClaims.create(new BlobIndex())
    const other = BlobClaims.attach(structuredClone(claims.shared))
    const ids = randomBytes(60_000 * ID_SIZE)
    const wrong: number[] = []
    for (let i = 0; i < 60_000; i++) {
      const id = ids.subarray(i * ID_SIZE, (i + 1) * ID_SIZE)
      const [first, second] = Math.floor(i / 10_000) % 2 === 0 ? [claims, other] : [other, claims]
      if (!first.claim('data', id) || second.claim('data', id)) wrong.push(i)
    }
    expect(wrong).toEqual([])
    expect(claims.count).toBe(60_000)
  })

  it.each([
    { what: 'all in the same order', sameStart: true },
    { what: 'each beginning elsewhere', sameStart: false },
  ])('are won by exactly one of several threads: $what', async ({ sameStart }) => {
    const count = 50_000
    const claims = BlobClaims.create(new BlobIndex())
    const won = await race(claims, randomBytes(count * ID_SIZE), sameStart)
    const times = new Uint8Array(count)
    for (const number of won.flat()) times[number] = (times[number] ?? 0) + 1
    expect(times.every((time) => time === 1)).toBe(true)
    expect(claims.count).toBe(count)
  })
})

describe('SharedLock', () => {
  it('is free again after it was released', () => {
    const words = new Int32Array(new SharedArrayBuffer(8))
    const lock = new SharedLock(words, 1)
    for (let i = 0; i < 3; i++) {
      lock.acquire()
      expect(words[1]).not.toBe(0)
      lock.release()
      expect([...words]).toEqual([0, 0])
    }
  })

  it('does not wait for ever for a thread that has died with it', () => {
    const lock = new SharedLock(new Int32Array(new SharedArrayBuffer(4)), 0, 20)
    lock.acquire()
    expect(() => lock.acquire()).toThrow(/ended while it held/)
  })
})
