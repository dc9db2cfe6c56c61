import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PackedBlob } from '../../src/repository/blob.ts'
import { idFromBytes, idToBytes } from '../../src/repository/id.ts'
import {
  decodePackHeader,
  encodePackHeader,
  hasPackHeader,
  packHeaderSize,
  parsePackHeader,
  readPackHeader,
} from '../../src/repository/pack-header.ts'
import { PackedBlobs } from '../../src/repository/packed-blobs.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { imaginaryPack, packOptions, randomId } from './test-packs.ts'

const sealer = new Sealer(packOptions().key)
const damaged = expect.objectContaining({ code: 'ERR_VARVE_DAMAGED' })

function bodySize(blobs: readonly PackedBlob[]): number {
  return blobs.reduce((sum, { length }) => sum + length, 0)
}

/** A pack whose blobs are noise and whose header is `header`, sealed. */
function packOf(size: number, header: Uint8Array, sealedLength?: number): Buffer {
  const sealed = sealer.seal(header)
  const end = Buffer.alloc(4)
  end.writeUInt32LE(sealedLength ?? sealed.length)
  return Buffer.concat([randomBytes(size), sealed, end])
}

function entry(kind: number, length: number, rest: Buffer = randomBytes(kind >= 2 ? 36 : 32)): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(kind)
  head.writeUInt32LE(length, 1)
  return Buffer.concat([head, rest])
}

async function read(bytes: Buffer): Promise<readonly PackedBlob[]> {
  const storage = new MemoryStorage()
  const id = randomId()
  await storage.save('pack', id, bytes)
  return readPackHeader(storage, sealer, id, bytes.length)
}

describe('pack headers', () => {
  it('have 37 bytes for a blob, 41 for a compressed one, in the layout of the format', () => {
    const id = randomId()
    const plain: PackedBlob = { type: 'tree', id, offset: 0, length: 0x01020304, uncompressedLength: 0 }
    const compressed: PackedBlob = { ...plain, type: 'data', uncompressedLength: 0x0a0b0c0d }
    expect(encodePackHeader(PackedBlobs.of([plain])).toString('hex')).toBe(`0104030201${id}`)
    expect(encodePackHeader(PackedBlobs.of([compressed])).toString('hex')).toBe(`02040302010d0c0b0a${id}`)
    expect(packHeaderSize([plain, compressed])).toBe(37 + 41 + 32 + 4)
  })

  it('decode to what was encoded', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.constantFrom('data' as const, 'tree' as const),
        (count, type) => {
          const { blobs } = imaginaryPack(count, type)
          expect(decodePackHeader(encodePackHeader(PackedBlobs.of(blobs)), bodySize(blobs))).toEqual(blobs)
        },
      ),
    )
  })

  it.each([1, 14, 15, 16, 17, 500])('are read from the end of a pack of %i blobs', async (count) => {
    const { blobs } = imaginaryPack(count)
    expect(await read(packOf(bodySize(blobs), encodePackHeader(PackedBlobs.of(blobs))))).toEqual(blobs)
  })

  it('are read without reading the pack', async () => {
    const { blobs } = imaginaryPack(500)
    const bytes = packOf(bodySize(blobs), encodePackHeader(PackedBlobs.of(blobs)))
    const storage = new MemoryStorage()
    const id = randomId()
    await storage.save('pack', id, bytes)
    let loaded = 0
    const load = storage.load.bind(storage)
    storage.load = (type, name, range) => {
      loaded += range?.length ?? bytes.length
      return load(type, name, range)
    }
    await readPackHeader(storage, sealer, id, bytes.length)
    expect(loaded).toBeLessThan(500 * 41 + 20 * 41)
  })

  it('are taken from bytes at hand, as far as these reach', () => {
    const { blobs } = imaginaryPack(30)
    const bytes = packOf(bodySize(blobs), encodePackHeader(PackedBlobs.of(blobs)))
    expect(parsePackHeader(sealer, randomId(), bytes, bytes.length)).toEqual(blobs)
    expect(parsePackHeader(sealer, randomId(), bytes.subarray(-100), bytes.length)).toBeUndefined()
  })

  it('are compared with others, where bytes are at hand', () => {
    const { blobs } = imaginaryPack(30)
    const bytes = packOf(bodySize(blobs), encodePackHeader(PackedBlobs.of(blobs)))
    const has = (others: readonly PackedBlob[], at = bytes): boolean | undefined =>
      hasPackHeader(sealer, randomId(), at, bytes.length, PackedBlobs.inOrder(others))
    expect(has(blobs)).toBe(true)
    expect(has(blobs.toReversed())).toBe(true)
    expect(has(blobs, bytes.subarray(-100))).toBeUndefined()
    const [first, second, ...rest] = blobs
    if (first === undefined || second === undefined) throw new Error('there should be two')
    const { length, offset, uncompressedLength } = first
    const lastByteDiffers = idToBytes(first.id)
    lastByteDiffers[31] = (lastByteDiffers[31] ?? 0) ^ 1
    const others: readonly (readonly PackedBlob[])[] = [
      [],
      [first, ...rest],
      blobs.slice(0, -1),
      [...blobs, { ...first, offset: bodySize(blobs) }],
      [{ ...first, id: randomId() }, second, ...rest],
      [{ ...first, id: idFromBytes(lastByteDiffers) }, second, ...rest],
      [{ ...first, type: first.type === 'data' ? 'tree' : 'data' }, second, ...rest],
      [{ ...first, offset: offset + 1 }, second, ...rest],
      [{ ...first, length: length + 1 }, second, ...rest],
      [{ ...first, uncompressedLength: uncompressedLength + 1 }, second, ...rest],
      [{ ...first, uncompressedLength: 0 }, second, ...rest],
      blobs.map((blob) => ({ ...blob, offset: blob.offset + 1 })),
    ]
    for (const other of others.filter((other) => !isDeepStrictEqual(other, blobs))) expect(has(other)).toBe(false)
    for (const size of [bodySize(blobs) - 1, bodySize(blobs) + 1]) {
      const wrong = packOf(size, encodePackHeader(PackedBlobs.of(blobs)))
      expect(hasPackHeader(sealer, randomId(), wrong, wrong.length, PackedBlobs.inOrder(blobs))).toBe(false)
    }
  })

  const one = entry(0, 100)
  it.each([
    { what: 'an empty pack', bytes: Buffer.alloc(0), message: /only 0 bytes/ },
    { what: 'three bytes', bytes: Buffer.alloc(3), message: /only 3 bytes/ },
    { what: 'a header of no length', bytes: packOf(100, one, 0), message: /cannot have 0 bytes/ },
    { what: 'a header without entries', bytes: packOf(0, Buffer.alloc(0)), message: /cannot have 32 bytes/ },
    { what: 'a header longer than the pack', bytes: packOf(100, one, 5000), message: /more bytes than the pack/ },
    { what: 'a header longer than allowed', bytes: packOf(100, one, 0xffff_ffff), message: /too much/ },
    { what: 'a header that is not sealed', bytes: packOf(100, one, 70), message: /seal is broken/ },
    { what: 'an unknown kind', bytes: packOf(100, entry(4, 100)), message: /unknown kind 4/ },
    { what: 'half an entry', bytes: packOf(100, Buffer.concat([one, Buffer.alloc(20)])), message: /within an entry/ },
    {
      what: 'a compressed entry cut off',
      bytes: packOf(100, entry(2, 100, randomBytes(33))),
      message: /within an entry/,
    },
    { what: 'a blob too short to be sealed', bytes: packOf(31, entry(0, 31)), message: /only 31 bytes/ },
    { what: 'blobs beyond the pack', bytes: packOf(99, one), message: /more bytes than it has/ },
    { what: 'bytes that belong to no blob', bytes: packOf(101, one), message: /there are 101/ },
    { what: 'a length near 4 GiB', bytes: packOf(100, entry(0, 0xffff_ffff)), message: /more bytes than it has/ },
  ])('refuse $what', async ({ bytes, message }) => {
    await expect(read(bytes)).rejects.toThrow(damaged)
    await expect(read(bytes)).rejects.toThrow(message)
    await expect(read(bytes)).rejects.toThrow(/^pack [0-9a-f]{64} is damaged/)
  })

  it('refuse any change of their bytes', async () => {
    const { blobs } = imaginaryPack(3)
    const bytes = packOf(bodySize(blobs), encodePackHeader(PackedBlobs.of(blobs)))
    const start = bodySize(blobs)
    for (let at = start; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 0x10
      await expect(read(changed)).rejects.toThrow(damaged)
    }
  })

  it('say which pack is damaged', () => {
    const id = randomId()
    expect(() => parsePackHeader(sealer, id, Buffer.alloc(10), 10)).toThrow(id)
    expect(idToBytes(id)).toHaveLength(32)
  })
})
