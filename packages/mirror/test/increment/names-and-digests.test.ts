import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isIncrementName, newIncrementName, numberOfName, timeOfName } from '../../src/increment/increment-name.ts'
import { treeDigest } from '../../src/increment/tree-digest.ts'
import { path, state } from './arbitraries.ts'

describe('names of increments', () => {
  const date = new Date(2026, 0, 2, 3, 4, 5)

  it('are the local time of the run, and differ within a second', () => {
    const first = newIncrementName([], date)
    expect(first).toBe('backup_20260102_030405')
    const second = newIncrementName([first], date)
    expect(second).toBe('backup_20260102_030405_2')
    expect(newIncrementName([first, second], date)).toBe('backup_20260102_030405_3')
    expect(newIncrementName([first.toUpperCase()], date)).toBe(second)
    expect(timeOfName(second)).toEqual(date)
    expect(numberOfName(first)).toBe(1)
    expect(numberOfName(second)).toBe(2)
  })

  it.each(['backup_20261301_000000', 'backup_20260230_000000', 'backup_20260101_250000', 'backup_2026', 'mirror', ''])(
    'are not like %j',
    (name) => expect(isIncrementName(name)).toBe(false),
  )

  it('are names of increments', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(1970, 0, 2), max: new Date(9999, 0), noInvalidDate: true }), (any) => {
        expect(isIncrementName(newIncrementName([], any))).toBe(true)
      }),
    )
  })
})

describe('digests of trees', () => {
  it('differ when anything does', () => {
    fc.assert(
      fc.property(path, state, path, state, (pathA, stateA, pathB, stateB) => {
        const isSame = pathA === pathB && JSON.stringify(stateA, exact) === JSON.stringify(stateB, exact)
        const digests = [treeDigest([{ path: pathA, state: stateA }]), treeDigest([{ path: pathB, state: stateB }])]
        expect(digests[0] === digests[1]).toBe(isSame)
      }),
    )
  })

  it('need the order of paths', () => {
    const folder = { type: 'dir', mode: 0o755, mtime: 0n } as const
    const entry = (name: string): { readonly path: string; readonly state: typeof folder } => ({
      path: name,
      state: folder,
    })
    expect(() => treeDigest([entry('b'), entry('a')])).toThrow(/comes after/)
    expect(treeDigest([entry('a'), entry('a/b'), entry('a.b')])).toMatch(/^[0-9a-f]{64}$/)
  })
})

function exact(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
