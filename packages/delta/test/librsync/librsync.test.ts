import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { computeLibrsyncDelta } from '../../src/librsync/librsync-delta.ts'
import { applyLibrsyncDelta } from '../../src/librsync/librsync-patch.ts'
import {
  computeLibrsyncSignature,
  decodeLibrsyncSignature,
  encodeLibrsyncSignature,
} from '../../src/librsync/librsync-signature.ts'
import { accessTo } from '../../src/rsync/random-access.ts'
import { collect, inPieces } from '../rsync/bytes.ts'
import { anyEdit, edited } from '../rsync/edits.ts'
import { pseudoRandom } from '../rsync/pseudo-random.ts'

const base = Buffer.from('abcdefghijklmnopqrstuvwxyz')

async function patched(commands: string, greatestSize?: number): Promise<string> {
  const delta = Buffer.from(`72730236${commands.replaceAll(' ', '')}`, 'hex')
  const options = greatestSize === undefined ? {} : { greatestSize }
  return (await collect(applyLibrsyncDelta(accessTo(base), [delta], options))).toString('latin1')
}

describe('deltas of librsync', () => {
  it.each([
    ['nothing', '00', ''],
    ['short literals', '01 41 03 424344 00', 'ABCD'],
    ['literals of every width', '41 01 41 42 0001 42 43 00000001 43 44 0000000000000001 44 00', 'ABCD'],
    ['copies of every width of the offset', '45 02 01 49 0002 01 4d 00000002 01 51 0000000000000002 01 00', 'cccc'],
    ['copies of every width of the length', '45 01 02 46 01 0002 47 01 00000002 48 01 0000000000000002 00', 'bcbcbcbc'],
    ['copies of all', '45 00 1a 54 0000000000000000 000000000000001a 00', base.toString().repeat(2)],
  ])('are understood: %s', async (_name, commands, result) => {
    expect(await patched(commands)).toBe(result)
  })

  it.each([
    ['that do not end', '01 41'],
    ['that end within a literal', '05 4142'],
    ['that end within a number', '44 00000000'],
    ['with something behind the end', '00 00'],
    ['with a command that does not exist', '55 00'],
    ['with an empty literal', '41 00 00'],
    ['with an empty copy', '45 00 00 00'],
    ['that copy from beyond the old file', '45 1a 01 00'],
    ['that copy more than there is', '45 19 02 00'],
    ['with an absurd offset', '51 ffffffffffffffff 01 00'],
    ['with an absurd length', '48 00 ffffffffffffffff 00'],
    ['with an absurd literal', '44 ffffffffffffffff 00'],
  ])('are refused %s', async (_name, commands) => {
    await expect(patched(commands)).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  })

  it('are refused once they make more than was asked for', async () => {
    await expect(patched(`${'45 00 1a '.repeat(100)} 00`, 1000)).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  })

  it('are told apart from other things', async () => {
    for (const bytes of ['', 'rs', 'VRVD and more', 'rs\x01\x36 a signature']) {
      await expect(collect(applyLibrsyncDelta(accessTo(base), [Buffer.from(bytes, 'latin1')]))).rejects.toMatchObject({
        code: bytes.length < 4 ? 'ERR_VARVE_DAMAGED' : 'ERR_VARVE_FORMAT',
      })
    }
  })

  it('make the new content out of the old, whatever was changed and however the streams come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.nat(), fc.nat(8000)).map(([seed, length]) => pseudoRandom(seed, length)),
        fc.array(anyEdit(8000), { maxLength: 4 }),
        fc.constantFrom('rabin-karp' as const, 'rollsum' as const),
        fc.constantFrom('blake2b' as const, 'md4' as const),
        fc.integer({ min: 16, max: 1500 }),
        fc.array(fc.nat(3000), { minLength: 1, maxLength: 5 }),
        async (content, edits, weakHash, strongHash, blockSize, sizes) => {
          const target = edited(content, edits)
          const sums = await computeLibrsyncSignature(inPieces(content, sizes), { weakHash, strongHash, blockSize })
          const read = decodeLibrsyncSignature(encodeLibrsyncSignature(sums))
          expect(read).toEqual(sums)
          const delta = await collect(computeLibrsyncDelta(read, inPieces(target, sizes)))
          const result = await collect(applyLibrsyncDelta(accessTo(content), inPieces(delta, sizes)))
          expect(Buffer.compare(result, target)).toBe(0)
        },
      ),
    )
  })
})

describe('blocks with sums of librsync', () => {
  it.each([
    ['rabin-karp', 'blake2b'],
    ['rabin-karp', 'md4'],
    ['rollsum', 'blake2b'],
    ['rollsum', 'md4'],
  ] as const)('are found at every place: %s and %s', async (weakHash, strongHash) => {
    const content = pseudoRandom(3, 98_000)
    const sums = await computeLibrsyncSignature([content], { weakHash, strongHash, blockSize: 700 })
    const target = Buffer.concat([
      pseudoRandom(4, 123),
      content.subarray(49_000),
      pseudoRandom(5, 77),
      content.subarray(0, 49_000),
    ])
    const delta = await collect(computeLibrsyncDelta(sums, [target]))
    expect(delta.length).toBeLessThan(123 + 77 + 50)
  })
})

describe('signatures of librsync', () => {
  it.each([
    ['blocks of nothing', '72730147 00000000 00000020'],
    ['blocks of 4 GiB', '72730147 ffffffff 00000020'],
    ['strong hashes of nothing', '72730147 00000800 00000000'],
    ['longer hashes than BLAKE2b has here', '72730147 00000800 00000021'],
    ['longer hashes than MD4 has', '72730136 00000800 00000011'],
    ['half a header', '72730147 0000'],
    ['half a block', '72730136 00000800 00000008 00000000'],
  ])('are refused with %s', (_name, hex) => {
    expect(() => decodeLibrsyncSignature(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toThrow(
      expect.objectContaining({ code: 'ERR_VARVE_DAMAGED' }),
    )
  })

  it('are told apart from other things', () => {
    for (const hex of ['', '7273', '72730236', '7273014700'.slice(0, 6), '72730148']) {
      expect(() => decodeLibrsyncSignature(Buffer.from(hex, 'hex'))).toThrow(
        expect.objectContaining({ code: 'ERR_VARVE_FORMAT' }),
      )
    }
  })

  it('are not made with hashes longer than there are', async () => {
    for (const options of [
      { strongLength: 33 },
      { strongLength: 0 },
      { strongHash: 'md4', strongLength: 17 },
    ] as const) {
      await expect(computeLibrsyncSignature([], options)).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
    }
  })

  it('hold the hashes of abc that BLAKE2b and MD4 are known for', async () => {
    const blake2b = await computeLibrsyncSignature([Buffer.from('abc')])
    expect(Buffer.from(blake2b.strong).toString('hex')).toBe(
      'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319',
    )
    const md4 = await computeLibrsyncSignature([Buffer.from('abc')], { strongHash: 'md4' })
    expect(Buffer.from(md4.strong).toString('hex')).toBe('a448017aaf21d8525fc10ae87aa6729d')
  })
})
