import { describe, expect, test } from 'vitest'
import { GrowingMemory } from '../../src/restore/columns.ts'

const MIB = 1024 * 1024

describe('memory that grows', () => {
  test('stays where it is as long as there is room, and keeps what is in it', () => {
    const memory = new GrowingMemory()
    const before = new Uint32Array(memory.grow(4)('numbers', 4), 0, 4)
    before.set([1, 2, 3, 4])
    const after = new Uint32Array(memory.grow(MIB)('numbers', 4), 0, MIB)
    expect([...after.subarray(0, 5)]).toEqual([1, 2, 3, 4, 0])
    after[1] = 5
    expect(before[1]).toBe(5)
  })

  test('moves when it needs much more, with what is in it; what others have stays as it was', () => {
    const memory = new GrowingMemory()
    const before = new Uint32Array(memory.grow(4)('numbers', 4), 0, 4)
    before.set([1, 2, 3, 4])
    const after = new Uint32Array(memory.grow(17 * MIB)('numbers', 4), 0, 17 * MIB)
    expect([...after.subarray(0, 5)]).toEqual([1, 2, 3, 4, 0])
    expect([...before]).toEqual([1, 2, 3, 4])
    expect(after.buffer).not.toBe(before.buffer)
    expect(memory.grow(34 * MIB)('numbers', 4)).toBe(after.buffer)
  })

  test('never moves where threads write to it: then there is an end to it', () => {
    const memory = new GrowingMemory()
    const marks = memory.grow(4)('marks', 1, true)
    expect(memory.grow(200 * MIB)('marks', 1, true)).toBe(marks)
    expect(() => memory.grow(257 * MIB)('marks', 1, true)).toThrow(
      expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT', hint: expect.stringContaining('several steps') }),
    )
  })
})
