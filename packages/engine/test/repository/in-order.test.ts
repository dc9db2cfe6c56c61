import { describe, expect, it } from 'vitest'
import { inOrder } from '../../src/repository/in-order.ts'

/** Work that ends when it is told to. */
class Work {
  readonly started: number[] = []
  readonly #ends = new Map<number, PromiseWithResolvers<string>>()

  readonly start = (item: number): Promise<string> => {
    this.started.push(item)
    const end = Promise.withResolvers<string>()
    this.#ends.set(item, end)
    return end.promise
  }

  end(item: number, error?: Error): void {
    if (error === undefined) this.#ends.get(item)?.resolve(`done ${item}`)
    else this.#ends.get(item)?.reject(error)
  }
}

describe('inOrder', () => {
  it('yields in the order of the items, with no more under way than allowed', async () => {
    const work = new Work()
    const results = inOrder([0, 1, 2, 3], 2, work.start)
    const first = results.next()
    expect(work.started).toEqual([0, 1])
    work.end(1)
    work.end(0)
    expect((await first).value).toBe('done 0')
    const second = results.next()
    expect((await second).value).toBe('done 1')
    expect(work.started).toEqual([0, 1, 2])
    const third = results.next()
    work.end(2)
    expect((await third).value).toBe('done 2')
    work.end(3)
    expect(await collect(results)).toEqual(['done 3'])
  })

  it('works with fewer items than allowed at once, and with none', async () => {
    expect(await collect(inOrder([1, 2], 10, async (item) => item * 2))).toEqual([2, 4])
    expect(await collect(inOrder([], 10, async (item) => item))).toEqual([])
  })

  it('fails with the first failure by order, when all that has begun has ended', async () => {
    const work = new Work()
    const all = collect(inOrder([0, 1, 2], 3, work.start))
    let ended = false
    const end = (): void => {
      ended = true
    }
    all.then(end, end)
    work.end(1, new Error('second'))
    work.end(0, new Error('first'))
    await new Promise(setImmediate)
    expect(ended).toBe(false)
    work.end(2)
    await expect(all).rejects.toThrow('first')
  })
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}
