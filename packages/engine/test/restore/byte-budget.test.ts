import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteBudget } from '../../src/restore/byte-budget.ts'

test('no more is in use than the limit, unless one alone needs it, and everybody gets a turn in order', async () => {
  const amounts = fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(amounts, fc.infiniteStream(fc.nat()), async (wanted, choices) => {
      const budget = new ByteBudget(100)
      const inUse: number[] = []
      const begun: number[] = []
      const all = wanted.map(async (bytes, i) => {
        await budget.acquire(bytes)
        inUse.push(bytes)
        begun.push(i)
        const sum = inUse.reduce((total, it) => total + it, 0)
        expect(sum <= 100 || inUse.filter((it) => it > 0).length === 1).toBe(true)
      })
      await Promise.resolve()
      while (begun.length < wanted.length || inUse.length > 0) {
        const [bytes = 0] = inUse.splice(Number(choices.next().value) % Math.max(1, inUse.length), 1)
        budget.release(bytes)
        for (let i = 0; i < 5; i++) await Promise.resolve()
      }
      await Promise.all(all)
      expect(begun).toEqual(wanted.map((_, i) => i))
    }),
  )
})
