import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openBlob } from '../../src/repository/blob-opening.ts'
import { SEAL_OVERHEAD } from '../../src/repository/blob.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import { packHeaderSize, readPackHeader } from '../../src/repository/pack-header.ts'
import { FRESH_PACK_MEMORY, PackPool } from '../../src/repository/pack-memory.ts'
import {
  PACK_CAPACITY,
  PACK_SIZE,
  PackWriter,
  type AddedBlob,
  type FinishedPack,
} from '../../src/repository/pack-writer.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { contentsOf, packOptions } from './test-packs.ts'

const text = Buffer.from('a line that compresses well\n'.repeat(50))

function addTo<Memory extends ArrayBufferLike>(
  writer: PackWriter<Memory>,
  plain: Uint8Array,
): { id: Id; added: AddedBlob } {
  const id = idOf(plain)
  return { id, added: writer.add(id, plain) }
}

/** All blobs of a pack, found by its header alone. */
async function readPack(pack: FinishedPack, sealer: Sealer): Promise<{ ids: Id[]; contents: Buffer[] }> {
  const storage = new MemoryStorage()
  await storage.save('pack', pack.id, pack.bytes)
  const blobs = await readPackHeader(storage, sealer, pack.id, pack.bytes.length)
  expect(blobs).toEqual(contentsOf(pack.indexed).blobs)
  return {
    ids: blobs.map((blob) => blob.id),
    contents: blobs.map((blob) => openBlob(sealer, pack.bytes.subarray(blob.offset, blob.offset + blob.length), blob)),
  }
}

describe('PackWriter', () => {
  it('makes packs that can be read by their header alone', async () => {
    const options = packOptions()
    const sealer = new Sealer(options.key)
    const blobs = fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(blobs, fc.constantFrom('data' as const, 'tree' as const), async (plains, type) => {
        const writer = new PackWriter(type, options, FRESH_PACK_MEMORY)
        const ids = plains.map((plain) => addTo(writer, plain).id)
        const pack = writer.finish()
        expect(pack.id).toBe(idOf(pack.bytes))
        expect(pack.indexed.id).toBe(pack.id)
        const read = await readPack(pack, sealer)
        expect(read.ids).toEqual(ids)
        expect(read.contents.map((content) => idOf(content))).toEqual(ids)
      }),
      { numRuns: 50 },
    )
  })

  it('tells where a blob went, and how large the pack would be', () => {
    const writer = new PackWriter('data', packOptions(), FRESH_PACK_MEMORY)
    expect(writer.empty).toBe(true)
    const first = addTo(writer, text).added
    const second = addTo(writer, randomBytes(10)).added
    expect(first).toMatchObject({ offset: 0, uncompressedLength: text.length })
    expect(first.length).toBeLessThan(text.length)
    expect(second).toMatchObject({ offset: first.length, length: 10 + SEAL_OVERHEAD, uncompressedLength: 0 })
    expect(writer.empty).toBe(false)
    const size = writer.size
    const pack = writer.finish()
    expect(pack.bytes).toHaveLength(size)
    expect(size).toBe(first.length + second.length + packHeaderSize(contentsOf(pack.indexed).blobs))
    expect(writer.empty).toBe(true)
    expect(() => writer.finish()).toThrow(/empty/)
  })

  it('hashes what it stores, whatever the sizes of the pieces', () => {
    for (const size of [1, 1000, 100_000, 128 * 1024, 1_000_000]) {
      const writer = new PackWriter('data', packOptions(2, 'off'), FRESH_PACK_MEMORY)
      for (let i = 0; i < 5; i++) addTo(writer, randomBytes(size))
      const pack = writer.finish()
      expect(idOf(pack.bytes)).toBe(pack.id)
    }
  })

  it('stores data that does not get smaller as it is, and an empty blob too', async () => {
    const options = packOptions()
    const writer = new PackWriter('data', options, FRESH_PACK_MEMORY)
    for (const plain of [randomBytes(5000), new Uint8Array(0), Buffer.from('x')]) {
      expect(addTo(writer, plain).added).toMatchObject({ length: plain.length + SEAL_OVERHEAD, uncompressedLength: 0 })
    }
    expect((await readPack(writer.finish(), new Sealer(options.key))).contents[1]).toHaveLength(0)
  })

  it('compresses trees always, but for empty ones', async () => {
    const options = packOptions(2, 'off')
    const writer = new PackWriter('tree', options, FRESH_PACK_MEMORY)
    expect(addTo(writer, randomBytes(100)).added.uncompressedLength).toBe(100)
    expect(addTo(writer, text).added.uncompressedLength).toBe(text.length)
    expect(addTo(writer, new Uint8Array(0)).added.uncompressedLength).toBe(0)
    expect((await readPack(writer.finish(), new Sealer(options.key))).contents).toHaveLength(3)
  })

  it.each([
    { what: 'version 1', options: packOptions(1, 'max') },
    { what: 'data without compression', options: packOptions(2, 'off') },
  ])('compresses nothing: $what', async ({ options }) => {
    const writer = new PackWriter('data', options, FRESH_PACK_MEMORY)
    expect(addTo(writer, text).added).toMatchObject({ length: text.length + SEAL_OVERHEAD, uncompressedLength: 0 })
    expect((await readPack(writer.finish(), new Sealer(options.key))).contents[0]?.equals(text)).toBe(true)
  })

  it('compresses no trees in version 1', () => {
    expect(addTo(new PackWriter('tree', packOptions(1), FRESH_PACK_MEMORY), text).added.uncompressedLength).toBe(0)
  })

  it('is full at 16 MiB, and goes beyond by no more than a chunk', () => {
    const writer = new PackWriter('data', packOptions(2, 'off'), FRESH_PACK_MEMORY)
    const chunk = randomBytes(8 * 1024 * 1024 - SEAL_OVERHEAD)
    for (const full of [false, true]) {
      addTo(writer, chunk)
      expect(writer.full).toBe(full)
    }
    const pack = writer.finish()
    expect(pack.bytes.length).toBeGreaterThanOrEqual(PACK_SIZE)
    expect(pack.id).toBe(idOf(pack.bytes))
    expect(writer.full).toBe(false)
  })

  it('keeps a blob that is larger than a pack apart when asked, and correct when not', async () => {
    const options = packOptions(2, 'off')
    const writer = new PackWriter('data', options, FRESH_PACK_MEMORY)
    const huge = randomBytes(PACK_SIZE + 9 * 1024 * 1024)
    expect(writer.fits(huge.length)).toBe(true)
    addTo(writer, text)
    expect(writer.fits(huge.length)).toBe(false)
    expect(writer.fits(8 * 1024 * 1024)).toBe(true)
    addTo(writer, huge)
    expect(writer.full).toBe(true)
    const pack = writer.finish()
    expect(pack.id).toBe(idOf(pack.bytes))
    const { contents } = await readPack(pack, new Sealer(options.key))
    expect(contents[0]?.equals(text)).toBe(true)
    expect(contents[1]?.equals(huge)).toBe(true)
  })

  it('appends blobs as they lie in other packs', async () => {
    const options = packOptions()
    const first = new PackWriter('data', options, FRESH_PACK_MEMORY)
    for (const plain of [text, randomBytes(1000), new Uint8Array(0)]) addTo(first, plain)
    const old = first.finish()
    const second = new PackWriter('data', options, FRESH_PACK_MEMORY)
    for (const { id, offset, length, uncompressedLength } of contentsOf(old.indexed).blobs.toReversed()) {
      second.addSealed(id, old.bytes.subarray(offset, offset + length), uncompressedLength)
    }
    const pack = second.finish()
    expect(pack.id).toBe(idOf(pack.bytes))
    const { ids } = await readPack(pack, new Sealer(options.key))
    expect(ids).toEqual(
      contentsOf(old.indexed)
        .blobs.map(({ id }) => id)
        .toReversed(),
    )
  })

  it('gives a pack away for good', () => {
    const writer = new PackWriter('data', packOptions(), FRESH_PACK_MEMORY)
    addTo(writer, text)
    const first = writer.finish()
    const copy = Buffer.from(first.bytes)
    addTo(writer, randomBytes(3000))
    const second = writer.finish()
    expect(copy.equals(first.bytes)).toBe(true)
    expect(second.bytes.buffer).not.toBe(first.bytes.buffer)
    expect(first.bytes.byteOffset).toBe(0)
  })

  it('fills shared memory as well, and memory that was used before', async () => {
    const options = packOptions()
    const pool = PackPool.create(1, PACK_CAPACITY)
    const writer = new PackWriter('data', options, pool)
    for (let round = 0; round < 3; round++) {
      addTo(writer, text)
      addTo(writer, randomBytes(200_000 - round * 50_000))
      const { id, bytes, indexed } = writer.finish()
      const copy = { id, bytes: new Uint8Array(bytes), indexed }
      pool.release(bytes)
      expect(idOf(copy.bytes)).toBe(id)
      expect((await readPack(copy, new Sealer(options.key))).contents[0]?.equals(text)).toBe(true)
    }
  })
})
