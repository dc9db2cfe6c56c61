import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { computeDelta } from '../../src/rsync/delta.ts'
import { applyDelta } from '../../src/rsync/patch.ts'
import { accessTo } from '../../src/rsync/random-access.ts'
import { computeSignature } from '../../src/rsync/signature.ts'
import { collect, inPieces } from './bytes.ts'
import { anyEdit, edited } from './edits.ts'
import { pseudoRandom } from './pseudo-random.ts'

async function deltaOf(base: Uint8Array, target: Uint8Array, blockSize: number): Promise<Buffer> {
  return await collect(computeDelta(await computeSignature([base], { blockSize }), [target]))
}

/** Both ends of what the search has to cope with: no block like another, and hardly any different. */
const anyBase = fc.oneof(
  fc.uint8Array({ maxLength: 5000 }),
  fc.tuple(fc.nat(), fc.nat(20_000)).map(([seed, length]) => pseudoRandom(seed, length)),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(20_000))
    .map(([period, length]) => Uint8Array.from({ length }, (_, i) => period[i % period.length] ?? 0)),
)

describe('signature, delta and patch', () => {
  it('make the new content out of the old, whatever was changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyBase,
        fc.array(anyEdit(20_000), { maxLength: 6 }),
        fc.integer({ min: 1, max: 3000 }),
        async (base, edits, blockSize) => {
          const target = edited(base, edits)
          const delta = await deltaOf(base, target, blockSize)
          expect(
            target.length === 0 || Buffer.compare(await collect(applyDelta(accessTo(base), [delta])), target) === 0,
          ).toBe(true)
        },
      ),
    )
  })

  it('do not depend on the pieces in which streams come', async () => {
    const base = pseudoRandom(1, 30_000)
    const target = Buffer.concat([base.subarray(15_000), pseudoRandom(2, 777), base.subarray(0, 14_000)])
    const whole = await deltaOf(base, target, 512)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.nat(3), fc.nat(9000)), { minLength: 1, maxLength: 10 }), async (sizes) => {
        const signature = await computeSignature(inPieces(base, sizes), { blockSize: 512 })
        const delta = await collect(computeDelta(signature, inPieces(target, sizes)))
        expect(Buffer.compare(delta, whole)).toBe(0)
        expect(Buffer.compare(await collect(applyDelta(accessTo(base), inPieces(delta, sizes))), target)).toBe(0)
      }),
      { numRuns: 20 },
    )
  })

  it('cost almost nothing where two halves were swapped', async () => {
    const base = pseudoRandom(3, 81_920)
    const delta = await deltaOf(base, Buffer.concat([base.subarray(40_960), base.subarray(0, 40_960)]), 4096)
    expect(delta.length).toBeLessThan(120)
  })
})
