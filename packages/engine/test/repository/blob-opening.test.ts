import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { openBlob } from '../../src/repository/blob-opening.ts'
import { Compressor } from '../../src/repository/compression.ts'
import { idOf } from '../../src/repository/id.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { packOptions, randomId } from './test-packs.ts'

const sealer = new Sealer(packOptions().key)
const plain = Buffer.from('to be read again '.repeat(20))
const frame = Buffer.from(new Compressor('auto').compress(plain))

function describeBlob(sealed: Uint8Array, uncompressedLength: number, id = idOf(plain)) {
  return { id, length: sealed.length, uncompressedLength }
}

describe('openBlob', () => {
  it('opens what is compressed and what is not', () => {
    const stored = sealer.seal(plain)
    expect(openBlob(sealer, stored, describeBlob(stored, 0)).equals(plain)).toBe(true)
    const compressed = sealer.seal(frame)
    expect(openBlob(sealer, compressed, describeBlob(compressed, plain.length)).equals(plain)).toBe(true)
    const empty = sealer.seal(Buffer.alloc(0))
    expect(openBlob(sealer, empty, describeBlob(empty, 0, idOf(Buffer.alloc(0))))).toHaveLength(0)
  })

  it.each([
    { what: 'another length', sealed: sealer.seal(plain), blob: { length: 5 }, message: 'instead of 5' },
    { what: 'another seal', sealed: randomBytes(100), blob: {}, message: 'its seal is broken' },
    { what: 'another hash', sealed: sealer.seal(plain), blob: { id: randomId() }, message: 'does not have its hash' },
    { what: 'no frame', sealed: sealer.seal(plain), blob: { uncompressedLength: 340 }, message: 'does not decompress' },
    {
      what: 'a longer frame',
      sealed: sealer.seal(frame),
      blob: { uncompressedLength: 339 },
      message: /to (more than 339|340) bytes/,
    },
    {
      what: 'a shorter frame',
      sealed: sealer.seal(frame),
      blob: { uncompressedLength: 341 },
      message: '340 bytes instead of 341',
    },
    { what: 'gigabytes', sealed: sealer.seal(frame), blob: { uncompressedLength: 0xffff_ffff }, message: 'too much' },
    { what: 'fewer bytes than a seal', sealed: randomBytes(31), blob: {}, message: 'too short' },
  ])('refuses $what', ({ sealed, blob, message }) => {
    const error = expect.objectContaining({ code: 'ERR_VARVE_DAMAGED', message: expect.stringMatching(message) })
    expect(() => openBlob(sealer, sealed, { ...describeBlob(sealed, 0), ...blob })).toThrow(error)
  })
})
