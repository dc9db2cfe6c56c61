import type { BigIntStats } from 'node:fs'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ScannedNumbers } from '../../src/snapshot/file-numbers.ts'

const SECOND = 1_000_000_000n
const times = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  // Around full seconds, where a double has not enough digits.
  fc
    .tuple(fc.bigInt({ min: -9_000_000_000n, max: 9_000_000_000n }), fc.bigInt({ min: -600n, max: 600n }))
    .map(([seconds, off]) => seconds * SECOND + off),
)
const uint = fc.bigInt({ min: 0n, max: 2n ** 53n })

function nanoseconds(seconds: number, fraction: number): bigint {
  return BigInt(seconds) * SECOND + BigInt(fraction)
}

test('times are whole seconds and what is above them, everything else is the number that it is', () => {
  fc.assert(
    fc.property(times, times, times, uint, fc.boolean(), (mtimeNs, ctimeNs, atimeNs, ino, withAtime) => {
      const stats = {
        mtimeNs,
        ctimeNs,
        atimeNs,
        ino,
        mode: 1n,
        rdev: 2n,
        uid: 5n,
        gid: 6n,
        dev: 7n,
        size: ino + 1n,
        nlink: 8n,
      } as BigIntStats
      const numbers = new ScannedNumbers()
      numbers.take(stats, withAtime)
      expect(nanoseconds(numbers.mtime, numbers.mtimeFraction)).toBe(mtimeNs)
      expect(nanoseconds(numbers.ctime, numbers.ctimeFraction)).toBe(ctimeNs)
      expect(nanoseconds(numbers.atime, numbers.atimeFraction)).toBe(withAtime ? atimeNs : mtimeNs)
      for (const fraction of [numbers.mtimeFraction, numbers.ctimeFraction, numbers.atimeFraction]) {
        expect(fraction).toBeGreaterThanOrEqual(0)
        expect(fraction).toBeLessThan(Number(SECOND))
      }
      const { uid, gid, device, inode, size, links } = numbers
      expect({ uid, gid, device, inode, size, links }).toEqual({
        uid: 5,
        gid: 6,
        device: 7,
        inode: Number(ino),
        size: Number(ino + 1n),
        links: 8,
      })
    }),
    { numRuns: 2000 },
  )
})
