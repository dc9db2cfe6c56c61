import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { computeDelta } from '../../src/rsync/delta.ts'
import { encodeVarint, VarintReader } from '../../src/rsync/varint.ts'
import { applyDelta } from '../../src/rsync/patch.ts'
import { accessTo } from '../../src/rsync/random-access.ts'
import { computeSignature } from '../../src/rsync/signature.ts'
import { collect } from './bytes.ts'
import { pseudoRandom } from './pseudo-random.ts'

const base = pseudoRandom(1, 4000)
const target = Buffer.concat([base.subarray(2048), pseudoRandom(2, 150), base.subarray(0, 2048)])
const good = await collect(computeDelta(await computeSignature([base], { blockSize: 512 }), [target]))

async function patched(delta: Uint8Array, greatestSize?: number): Promise<Buffer> {
  return await collect(applyDelta(accessTo(base), [delta], greatestSize === undefined ? {} : { greatestSize }))
}

function sha256(...bytes: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(bytes)).digest()
}

/** A delta of the given instructions for `base`, with a checksum that is right: what somebody would send who knows the format. */
function forged(instructions: Uint8Array, result: Uint8Array, size = result.length): Buffer {
  const content = Buffer.concat([
    Buffer.from('VRVD\x01', 'latin1'),
    encodeVarint(base.length),
    sha256(base),
    instructions,
    encodeVarint(0),
    encodeVarint(size),
    sha256(result),
  ])
  return Buffer.concat([content, sha256(content).subarray(0, 16)])
}

function numbers(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map(encodeVarint))
}

describe('a delta', () => {
  it('is laid out as the specification says', async () => {
    const literal = Buffer.from('new')
    const instructions = Buffer.concat([
      numbers(2 * 100 + 1, 2 * 7),
      numbers(2 * 3),
      literal,
      numbers(2 * 10 + 1, 2 * 107 - 1),
    ])
    const result = Buffer.concat([base.subarray(7, 107), literal, base.subarray(0, 10)])
    expect(await patched(forged(instructions, result))).toEqual(result)
  })

  it('is refused with any single byte changed', async () => {
    for (let at = 0; at < good.length; at++) {
      for (const mask of [0x01, 0x80]) {
        const bad = Buffer.from(good)
        bad[at] = (bad[at] ?? 0) ^ mask
        const codes = at < 5 ? /^ERR_VARVE_FORMAT$/ : /^ERR_VARVE_(DAMAGED|WRONG_BASE)$/
        await expect(patched(bad), `byte ${at}`).rejects.toMatchObject({ code: expect.stringMatching(codes) })
      }
    }
  })

  it('is refused cut short anywhere, and with something behind it', async () => {
    for (let length = 0; length < good.length; length++) {
      await expect(patched(good.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({
        code: 'ERR_VARVE_DAMAGED',
      })
    }
    await expect(patched(Buffer.concat([good, Buffer.from([0])]))).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  })

  it('gives nothing before the old file is known to be right', async () => {
    const wrong = Uint8Array.from(base)
    wrong[3999] = (wrong[3999] ?? 0) ^ 1
    const first = applyDelta(accessTo(wrong), [good]).next()
    await expect(first).rejects.toMatchObject({ code: 'ERR_VARVE_WRONG_BASE' })
    await expect(collect(applyDelta(accessTo(base.subarray(1)), [good]))).rejects.toMatchObject({
      code: 'ERR_VARVE_WRONG_BASE',
    })
  })

  it.each([
    ['a copy from beyond the old file', numbers(2 * 1 + 1, 2 * 4000)],
    ['a copy that ends beyond it', numbers(2 * 4001 + 1, 0)],
    ['a copy from before it', numbers(2 * 1 + 1, 1)],
    ['a copy of more bytes than a file has', numbers(Number.MAX_SAFE_INTEGER, 0)],
    ['a copy of nothing', numbers(1, 0)],
    ['a literal that goes on after the end', numbers(2 * 1_000_000)],
    ['a number of nine bytes', Buffer.from('808080808080808001', 'hex')],
    ['a number with a group too many', Buffer.from('8200', 'hex')],
  ])('is refused where it wants %s', async (_name, instructions) => {
    await expect(patched(forged(instructions, new Uint8Array()))).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  })

  it('is refused where it makes another file than it says', async () => {
    const copy = numbers(2 * 10 + 1, 0)
    const result = base.subarray(0, 10)
    await expect(patched(forged(copy, base.subarray(1, 11)))).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
    await expect(patched(forged(copy, result, 11))).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  })

  it('is refused as soon as it makes more than was asked for', async () => {
    const copies = Buffer.concat([
      numbers(2 * 4000 + 1, 0),
      ...Array.from({ length: 1000 }, () => numbers(2 * 4000 + 1, 2 * 4000 - 1)),
    ])
    const delta = forged(copies, new Uint8Array(), 4_004_000)
    await expect(patched(delta, 10_000)).rejects.toMatchObject({
      code: 'ERR_VARVE_DAMAGED',
      message: /more than 10000 bytes/u,
    })
    await expect(patched(good, target.length)).resolves.toEqual(target)
  })

  it('is told apart from other things and later versions', async () => {
    await expect(patched(Buffer.from('not a delta at all'))).rejects.toMatchObject({ code: 'ERR_VARVE_FORMAT' })
    const later = Buffer.from(good)
    later[4] = 2
    await expect(patched(later)).rejects.toMatchObject({ code: 'ERR_VARVE_FORMAT', message: /version 2/u })
  })

  it('throws nothing but errors of ours, whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (instructions) => {
        await expect(patched(forged(instructions, new Uint8Array([1])), 100_000)).rejects.toMatchObject({
          code: 'ERR_VARVE_DAMAGED',
        })
      }),
    )
  })

  it('stops when asked to', async () => {
    const signal = AbortSignal.abort()
    const signature = await computeSignature([base])
    await expect(collect(computeDelta(signature, [target], { signal }))).rejects.toMatchObject({
      code: 'ERR_VARVE_ABORTED',
    })
    await expect(collect(applyDelta(accessTo(base), [good], { signal }))).rejects.toMatchObject({
      code: 'ERR_VARVE_ABORTED',
    })
    await expect(computeSignature([base], { signal })).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
  })

  it('closes the streams it was made from, also where nobody takes all of it', async () => {
    const closed: string[] = []
    async function* watched(name: string, bytes: Uint8Array) {
      try {
        for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
      } finally {
        closed.push(name)
      }
    }
    const delta = computeDelta(await computeSignature(watched('base', base)), watched('target', target))
    await delta.next()
    await delta.return()
    const result = applyDelta(accessTo(base), watched('delta', good))
    await result.next()
    await result.return()
    await expect(collect(applyDelta(accessTo(target), watched('delta for another', good)))).rejects.toThrow(/bytes/u)
    // a stream from which nothing was read has nothing open
    expect(closed).toEqual(['base', 'delta', 'delta for another'])
  })
})

describe('a varint', () => {
  it('reads what was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const reader = new VarintReader()
        const results = Array.from(encodeVarint(value), (byte) => reader.take(byte))
        expect(results.pop()).toBe(value)
        expect(results.every((result) => result === undefined)).toBe(true)
      }),
    )
  })
})
