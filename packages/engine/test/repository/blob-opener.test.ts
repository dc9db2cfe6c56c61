import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { BlobOpener } from '../../src/repository/blob-opening.ts'
import { Compressor } from '../../src/repository/compression.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { noise } from '../fixtures/repository-fixture.ts'

const sealer = new Sealer({ encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) })
let opener: BlobOpener
beforeEach(() => {
  opener = new BlobOpener(sealer)
})

interface SealedBlob {
  readonly sealed: Buffer
  readonly blob: { readonly id: Id; readonly length: number; readonly uncompressedLength: number }
}

function seal(content: Uint8Array, compressed: boolean): SealedBlob {
  const sealed = sealer.seal(compressed ? new Compressor('auto').compress(content) : content)
  return {
    sealed,
    blob: { id: idOf(content), length: sealed.length, uncompressedLength: compressed ? content.length : 0 },
  }
}

const CONTENTS = [
  Buffer.of(),
  Buffer.of(1),
  noise(100_000, 1),
  Buffer.alloc(500_000, 'text'),
  noise(4096, 2),
  Buffer.alloc(9_000_000, 7),
]

describe('blobs are opened one after the other', () => {
  test('whatever their size, compressed or not', () => {
    for (const content of [...CONTENTS, ...CONTENTS.toReversed()]) {
      for (const compressed of content.length === 0 ? [false] : [false, true]) {
        const { sealed, blob } = seal(content, compressed)
        expect(Buffer.compare(opener.open(sealed, blob), content)).toBe(0)
      }
    }
  })

  test('within other bytes, which stay as they are', () => {
    const { sealed, blob } = seal(noise(5000, 1), false)
    const around = Buffer.concat([Buffer.alloc(50, 1), sealed, Buffer.alloc(50, 2)])
    opener.open(around.subarray(50, 50 + sealed.length), blob)
    expect(around.subarray(0, 50)).toEqual(Buffer.alloc(50, 1))
    expect(around.subarray(-50)).toEqual(Buffer.alloc(50, 2))
  })
})

describe('a blob is refused', () => {
  const damaged = expect.objectContaining({ code: 'ERR_VARVE_DAMAGED' })

  test.each([true, false])(
    'that is damaged anywhere (compressed: %s), and its bytes stay as they are',
    (compressed) => {
      for (let at = 0; at < 300; at += 7) {
        const { sealed, blob } = seal(noise(400, at), compressed)
        sealed.writeUInt8(sealed.readUInt8(at) ^ 8, at)
        const before = Buffer.from(sealed)
        expect(() => opener.open(sealed, blob)).toThrow(damaged)
        expect(sealed).toEqual(before)
      }
    },
  )

  test('that is not what its id says, or not as long', () => {
    const { sealed, blob } = seal(noise(400, 1), true)
    expect(() => opener.open(Buffer.from(sealed), { ...blob, id: idOf(Buffer.of(1)) })).toThrow(damaged)
    expect(() => opener.open(Buffer.from(sealed), { ...blob, length: blob.length - 1 })).toThrow(damaged)
    expect(() => opener.open(Buffer.from(sealed), { ...blob, uncompressedLength: 399 })).toThrow(damaged)
    expect(() => opener.open(Buffer.from(sealed), { ...blob, uncompressedLength: 401 })).toThrow(damaged)
    expect(() => opener.open(Buffer.from(sealed), { ...blob, uncompressedLength: 0xffff_ffff })).toThrow(damaged)
    expect(() => opener.open(Buffer.alloc(31), { ...blob, length: 31 })).toThrow(damaged)
  })

  test('and the next one is opened all the same', () => {
    const bad = seal(noise(400, 1), true)
    expect(() => opener.open(bad.sealed, { ...bad.blob, uncompressedLength: 10 })).toThrow(damaged)
    const good = seal(noise(400, 1), true)
    expect(Buffer.compare(opener.open(good.sealed, good.blob), noise(400, 1))).toBe(0)
  })
})
