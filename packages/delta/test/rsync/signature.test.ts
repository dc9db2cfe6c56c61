import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { chooseBlockSize } from '../../src/rsync/block-size.ts'
import { decodeSignature, encodeSignature } from '../../src/rsync/signature-format.ts'
import { computeSignature, signatureOfFile } from '../../src/rsync/signature.ts'
import { encodeVarint } from '../../src/rsync/varint.ts'
import { inPieces } from './bytes.ts'
import { pseudoRandom } from './pseudo-random.ts'

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/** A Rabin-Karp sum as the specification defines it. */
function sumByDefinition(bytes: Uint8Array): number {
  return Number(bytes.reduce((sum, byte) => (sum * 0x08104225n + BigInt(byte)) & 0xffffffffn, 1n))
}

/** A signature with a checksum that is right. */
function forged(...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat([Buffer.from('VRVS\x01', 'latin1'), ...parts])
  return Buffer.concat([content, sha256(content).subarray(0, 16)])
}

describe('a signature', () => {
  it('holds the sums of the blocks, the length and the hash of the file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3000 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 8, max: 32 }),
        fc.array(fc.nat(2000), { minLength: 1, maxLength: 5 }),
        async (content, blockSize, strongLength, sizes) => {
          const signature = await computeSignature(inPieces(content, sizes), { blockSize, strongLength })
          expect(signature.fileSize).toBe(content.length)
          expect(sha256(content).equals(signature.digest)).toBe(true)
          expect(signature.blockCount).toBe(Math.ceil(content.length / blockSize))
          for (let block = 0; block < signature.blockCount; block++) {
            const bytes = content.subarray(block * blockSize, (block + 1) * blockSize)
            expect(signature.weak[block]).toBe(sumByDefinition(bytes))
            const kept = signature.strong.subarray(block * strongLength, (block + 1) * strongLength)
            expect(sha256(bytes).subarray(0, strongLength).equals(kept)).toBe(true)
          }
          expect(decodeSignature(encodeSignature(signature))).toEqual(signature)
        },
      ),
    )
  })

  it('is the same of a file, whatever its size', async () => {
    const folder = scratchFolder()
    for (const size of [0, 1, 1000, 1_048_576, 1_048_577, 3_500_000]) {
      const content = pseudoRandom(size, size)
      const path = join(folder, `of ${size} bytes`)
      writeFileSync(path, content)
      expect(await signatureOfFile(path)).toEqual(await computeSignature([content], { expectedSize: size }))
    }
    await expect(signatureOfFile(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('may be made of many files at once', async () => {
    const contents = Array.from({ length: 20 }, (_, i) => pseudoRandom(i + 1, 50_000 * i))
    const together = await Promise.all(contents.map((content) => computeSignature(inPieces(content, [40_000]))))
    for (const [i, content] of contents.entries()) expect(together[i]).toEqual(await computeSignature([content]))
  })

  it('is refused with any single byte changed, cut short, or with something behind it', async () => {
    const good = encodeSignature(await computeSignature([pseudoRandom(1, 700)], { blockSize: 256, strongLength: 16 }))
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ 0x40
      expect(() => decodeSignature(bad), `byte ${at}`).toThrow(
        expect.objectContaining({ code: at < 5 ? 'ERR_VARVE_FORMAT' : 'ERR_VARVE_DAMAGED' }),
      )
      expect(() => decodeSignature(good.subarray(0, at)), `${at} bytes`).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_VARVE_(DAMAGED|FORMAT)$/u) }),
      )
    }
    expect(() => decodeSignature(Buffer.concat([good, Buffer.from([0])]))).toThrow(
      expect.objectContaining({ code: 'ERR_VARVE_DAMAGED' }),
    )
  })

  it.each([
    ['blocks of nothing', [0, 32, 0]],
    ['blocks of more than 16 MiB', [16_777_217, 32, 0]],
    ['strong hashes of 7 bytes', [512, 7, 0]],
    ['strong hashes of 33 bytes', [512, 33, 0]],
    ['a file with more bytes than there can be', [512, 32, Number.MAX_SAFE_INTEGER]],
    ['more blocks than are there', [1, 32, 2 ** 50]],
  ])('is refused that has %s', (_name, parameters) => {
    const bytes = forged(...parameters.map(encodeVarint), new Uint8Array(32))
    expect(() => decodeSignature(bytes)).toThrow(expect.objectContaining({ code: 'ERR_VARVE_DAMAGED' }))
  })

  it('is not made with parameters that make no sense', async () => {
    for (const options of [
      { blockSize: 0 },
      { blockSize: 2 ** 24 + 1 },
      { blockSize: 1.5 },
      { strongLength: 7 },
      { strongLength: 33 },
    ]) {
      await expect(computeSignature([], options)).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
    }
  })
})

describe('the chosen block size', () => {
  it('is about the square root of the size, within bounds', () => {
    expect(chooseBlockSize(0)).toBe(512)
    expect(chooseBlockSize(2 ** 30)).toBe(32_768)
    expect(chooseBlockSize(2 ** 52)).toBe(16_777_216)
    fc.assert(
      fc.property(fc.integer({ min: 2 ** 18, max: 2 ** 47 }), (size) => {
        const blockSize = chooseBlockSize(size)
        expect(blockSize % 128).toBe(0)
        expect(blockSize ** 2).toBeLessThanOrEqual(size)
        expect((blockSize + 128) ** 2).toBeGreaterThan(size)
      }),
    )
  })
})
