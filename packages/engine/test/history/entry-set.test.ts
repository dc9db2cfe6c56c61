import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { EntrySet } from '../../src/history/entry-set.ts'

test('is a set of small numbers', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('add', 'delete'), fc.nat(40)), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (steps) => {
      const set = new EntrySet(41)
      const model = new Set<number>()
      for (const [step, entry] of steps) {
        const changes = step === 'add' ? !model.has(entry) : model.has(entry)
        if (step === 'add') model.add(entry)
        else model.delete(entry)
        expect(step === 'add' ? set.add(entry) : set.delete(entry)).toBe(changes)
        expect(set.size).toBe(model.size)
      }
      for (let entry = 0; entry <= 40; entry++) expect(set.has(entry)).toBe(model.has(entry))
    }),
  )
})

test('holds nothing beyond its range', () => {
  const set = new EntrySet(8)
  expect(set.has(8)).toBe(false)
  expect(set.has(-1)).toBe(false)
  expect(() => set.add(8)).toThrow('out of range')
})
