import { createReadStream, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { computeLibrsyncDelta } from '../../src/librsync/librsync-delta.ts'
import { applyLibrsyncDelta } from '../../src/librsync/librsync-patch.ts'
import {
  computeLibrsyncSignature,
  decodeLibrsyncSignature,
  encodeLibrsyncSignature,
} from '../../src/librsync/librsync-signature.ts'
import type { WeakHash } from '../../src/rsync/block-hashes.ts'
import { accessTo, openFile } from '../../src/rsync/random-access.ts'
import { computeSignature } from '../../src/rsync/signature.ts'
import { collect } from '../rsync/bytes.ts'
import { pseudoRandom } from '../rsync/pseudo-random.ts'
import { hasRdiff, rdiff } from './rdiff.ts'

const noise = pseudoRandom(5, 300_000)
const other = pseudoRandom(6, 5000)
const zeros = new Uint8Array(100_000)
const text = Buffer.from('The quick brown fox jumps over the lazy dog.\n'.repeat(3000))

const shapes: readonly (readonly [string, Uint8Array, Uint8Array])[] = [
  ['nothing that stays nothing', new Uint8Array(), new Uint8Array()],
  ['nothing that becomes something', new Uint8Array(), noise],
  ['something that becomes nothing', noise, new Uint8Array()],
  ['what stays as it is', noise, noise],
  ['less than a block', noise.subarray(0, 100), noise.subarray(0, 100)],
  ['less than a block that grows', noise.subarray(0, 100), noise.subarray(0, 1000)],
  ['exactly one block', noise.subarray(0, 512), noise.subarray(0, 512)],
  ['exactly ten blocks and one byte', noise.subarray(0, 5120), noise.subarray(0, 5121)],
  ['bytes overwritten', noise, Buffer.concat([noise.subarray(0, 99_999), other, noise.subarray(104_999)])],
  ['bytes inserted', noise, Buffer.concat([noise.subarray(0, 1001), other, noise.subarray(1001)])],
  ['bytes deleted', noise, Buffer.concat([noise.subarray(0, 77_777), noise.subarray(88_888)])],
  ['bytes before the first', noise, Buffer.concat([Buffer.from('x'), noise])],
  ['bytes after the last', noise, Buffer.concat([noise, Buffer.from('x')])],
  ['two halves swapped', noise, Buffer.concat([noise.subarray(150_000), noise.subarray(0, 150_000)])],
  ['the end alone', noise, noise.subarray(-700)],
  ['all twice', noise, Buffer.concat([noise, noise])],
  ['another file', other, noise],
  ['zeros that become fewer', zeros, zeros.subarray(1234)],
  ['zeros with something in them', zeros, Buffer.concat([zeros.subarray(0, 5000), other, zeros])],
  ['text', text, Buffer.concat([text.subarray(0, 30_000), Buffer.from('and more\n'), text.subarray(40_000)])],
]

const kinds: readonly (readonly [WeakHash, 'blake2b' | 'md4'])[] = [
  ['rabin-karp', 'blake2b'],
  ['rabin-karp', 'md4'],
  ['rollsum', 'blake2b'],
  ['rollsum', 'md4'],
]

/** Files of the test at hand. */
function files() {
  const folder = scratchFolder()
  const path = (name: string) => join(folder, name)
  return {
    base: path('base'),
    target: path('target'),
    signature: path('signature'),
    delta: path('delta'),
    result: path('result'),
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

describe.skipIf(!hasRdiff)('rdiff', () => {
  describe.each(kinds)('with %s and %s', (weakHash, strongHash) => {
    const options = { weakHash, strongHash, blockSize: 512 }
    const words = [
      '-R',
      weakHash === 'rollsum' ? 'rollsum' : 'rabinkarp',
      '-H',
      strongHash === 'md4' ? 'md4' : 'blake2',
      '-b',
      '512',
    ]

    it.each(shapes)('makes the same signature of %s', async (_name, base) => {
      const at = files()
      writeFileSync(at.base, base)
      rdiff(...words, 'signature', at.base, at.signature)
      const own = await computeLibrsyncSignature([base], options)
      expect(same(encodeLibrsyncSignature(own), readFileSync(at.signature))).toBe(true)
      expect(decodeLibrsyncSignature(readFileSync(at.signature))).toEqual(own)
    })

    it.each(shapes)('patches with our delta against its signature: %s', async (_name, base, target) => {
      const at = files()
      writeFileSync(at.base, base)
      rdiff(...words, 'signature', at.base, at.signature)
      writeFileSync(
        at.delta,
        await collect(computeLibrsyncDelta(decodeLibrsyncSignature(readFileSync(at.signature)), [target])),
      )
      rdiff('patch', at.base, at.delta, at.result)
      expect(same(readFileSync(at.result), target)).toBe(true)

      writeFileSync(at.target, target)
      rdiff('delta', at.signature, at.target, at.result)
      expect(statSync(at.delta).size).toBeLessThanOrEqual(statSync(at.result).size * 1.05 + 16)
    })

    it.each(shapes)('makes a delta against our signature with which we patch: %s', async (_name, base, target) => {
      const at = files()
      writeFileSync(at.base, base)
      writeFileSync(at.target, target)
      writeFileSync(at.signature, encodeLibrsyncSignature(await computeLibrsyncSignature([base], options)))
      rdiff('delta', at.signature, at.target, at.delta)
      const result = await collect(applyLibrsyncDelta(accessTo(base), [readFileSync(at.delta)]))
      expect(same(result, target)).toBe(true)
    })
  })

  it('reads signatures with shortened hashes, and we its', async () => {
    const at = files()
    const [, base, target] = shapes[10] ?? ['', other, noise]
    writeFileSync(at.base, base)
    writeFileSync(at.target, target)
    rdiff('-S', '8', '-b', '1000', 'signature', at.base, at.result)
    const own = await computeLibrsyncSignature([base], { strongLength: 8, blockSize: 1000 })
    expect(same(encodeLibrsyncSignature(own), readFileSync(at.result))).toBe(true)
  })

  it('patches with a delta that was made against a signature of ours', async () => {
    const at = files()
    writeFileSync(at.base, noise)
    const target = Buffer.concat([noise.subarray(200_000), other, noise.subarray(0, 200_100)])
    writeFileSync(
      at.delta,
      await collect(computeLibrsyncDelta(await computeSignature([noise], { blockSize: 700 }), [target])),
    )
    rdiff('patch', at.base, at.delta, at.result)
    expect(same(readFileSync(at.result), target)).toBe(true)
  })

  it.skipIf(process.env['VARVE_LONG_TESTS'] !== '1')(
    'goes with us beyond 4 GiB',
    async () => {
      const at = files()
      const size = 5 * 2 ** 30
      writeFileSync(at.base, noise)
      truncateSync(at.base, size)
      writeFileSync(at.target, other)
      await using base = await open(at.base, 'r+')
      await base.write(noise, 0, noise.length, size - noise.length)
      await using target = await open(at.target, 'r+')
      await target.write(noise, 0, noise.length, size - noise.length + 777)
      rdiff('-b', '65536', 'signature', at.base, at.signature)
      const own = await computeLibrsyncSignature(createReadStream(at.base), { blockSize: 65_536 })
      expect(same(encodeLibrsyncSignature(own), readFileSync(at.signature))).toBe(true)
      writeFileSync(at.delta, await collect(computeLibrsyncDelta(own, createReadStream(at.target))))
      rdiff('patch', at.base, at.delta, at.result)
      await using old = await openFile(at.base)
      let position = 0
      await using result = await open(at.result)
      for await (const piece of applyLibrsyncDelta(old, createReadStream(at.delta))) {
        const there = Buffer.alloc(piece.length)
        await result.read(there, 0, piece.length, position)
        if (!same(there, piece)) throw new Error(`the results differ after ${position}`)
        position += piece.length
      }
      expect(position).toBe(statSync(at.target).size)
    },
    1_800_000,
  )
})
