import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BlobIndex } from '../../src/repository/blob-index.ts'
import { plainLength, type BlobLocation, type BlobType, type PackContents } from '../../src/repository/blob.ts'
import { idToBytes, type Id } from '../../src/repository/id.ts'
import { PackedBlobs } from '../../src/repository/packed-blobs.ts'
import { imaginaryPack, randomId } from './test-packs.ts'

/** An id from a small number, so that properties meet the same ones again and again. */
function numberedId(number: number): Id {
  return number.toString(16).padStart(64, '0') as Id
}

const packs = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 5 }).map(numberedId),
    blobs: fc.array(
      fc.record({
        type: fc.constantFrom<BlobType>('data', 'tree'),
        id: fc.integer({ min: 0, max: 8 }).map(numberedId),
        offset: fc.integer({ min: 0, max: 3 }),
        length: fc.constantFrom(33, 0xffff_ffff),
        uncompressedLength: fc.constantFrom(0, 0xffff_ffff),
      }),
      { maxLength: 12 },
    ),
  }),
  { maxLength: 12 },
)

/** What an index must know, kept in the plainest way. */
class Model {
  readonly entries: BlobLocation[] = []
  readonly packs: Id[] = []

  add(pack: PackContents): void {
    const known = [...this.entries]
    const isNew = !this.packs.includes(pack.id)
    if (isNew) this.packs.push(pack.id)
    for (const blob of pack.blobs) {
      const entry = { ...blob, pack: pack.id }
      if (isNew || !known.some((other) => isEqual(other, entry))) this.entries.push(entry)
    }
  }

  lookupAll(type: BlobType, id: Id): BlobLocation[] {
    return this.entries.filter((entry) => entry.type === type && entry.id === id)
  }
}

function textOf(x: BlobLocation): string {
  return [x.type, x.id, x.pack, x.offset, x.length, x.uncompressedLength].join(' ')
}

function isEqual(a: BlobLocation, b: BlobLocation): boolean {
  return textOf(a) === textOf(b)
}

function expectSame(index: BlobIndex, model: Model): void {
  expect(index.entryCount).toBe(model.entries.length)
  expect(index.packIds()).toEqual(model.packs)
  for (let number = 0; number <= 9; number++) {
    const id = numberedId(number)
    for (const type of ['data', 'tree'] as const) {
      const expected = model.lookupAll(type, id)
      expect(index.lookupAll(type, id)).toEqual(expected)
      expect(index.lookup(type, id)).toEqual(expected[0])
      expect(index.has(type, id)).toBe(expected.length > 0)
      const bytes = Buffer.concat([Buffer.alloc(3), idToBytes(id)])
      expect(index.hasBytes(type, bytes, 3)).toBe(expected.length > 0)
      const first = model.entries.findIndex((entry) => entry.type === type && entry.id === id)
      expect(index.entryNumber(type, id)).toBe(first)
      expect(index.entryNumberOfBytes(type, bytes, 3)).toBe(first)
      expect(expected.slice(0, 1).map(plainLength)).toEqual(first === -1 ? [] : [index.plainLength(first)])
    }
    expect(index.pack(id)?.blobs.map((blob) => ({ ...blob, pack: id }))).toEqual(
      model.packs.includes(id) ? model.entries.filter((entry) => entry.pack === id) : undefined,
    )
    const expected = PackedBlobs.inOrder(index.pack(id)?.blobs ?? [])
    expect(index.packedBlobs(id).blobs()).toEqual(expected.blobs())
  }
  expect([...index.packs()]).toEqual(model.packs.map((id) => index.pack(id)))
}

describe('BlobIndex', () => {
  it('knows what was added, with duplicates, once each', () => {
    fc.assert(
      fc.property(packs, (added) => {
        const index = new BlobIndex()
        const model = new Model()
        for (const pack of added) {
          index.add(pack)
          model.add(pack)
        }
        expect(index.entryCount).toBe(model.entries.length)
        expectSame(index, model)
      }),
    )
  })

  it('knows which files name a pack, and what each was the first to say', () => {
    const files = fc.array(packs, { maxLength: 4 })
    fc.assert(
      fc.property(files, (files) => {
        const index = new BlobIndex()
        for (const [place, packs] of files.entries()) for (const pack of packs) index.add(pack, place + 1)
        const expected = new Set(files.flatMap((packs, place) => packs.map(({ id }) => `${place + 1} ${id}`)))
        const namings = [...index.namings()]
        expect(new Set(namings.map(({ file, pack }) => `${file} ${pack}`))).toEqual(expected)
        expect(namings.reduce((sum, { entries }) => sum + entries, 0)).toBe(index.entryCount)
      }),
    )
  })

  it('shows another thread what there was, and nothing that came later', () => {
    fc.assert(
      fc.property(packs, packs, (before, after) => {
        const index = new BlobIndex()
        const model = new Model()
        for (const pack of before) {
          index.add(pack)
          model.add(pack)
        }
        // Memory is shared with the clone, as it is with another thread.
        const attached = BlobIndex.attach(structuredClone(index.shared))
        for (const pack of after) index.add(pack)
        expectSame(attached, model)
        expect(() => attached.add(imaginaryPack(1))).toThrow(/only the thread/)
      }),
    )
  })

  it('finds everything among many, and takes less than 64 bytes a blob', () => {
    const index = new BlobIndex()
    const added = Array.from({ length: 300 }, () => imaginaryPack(500))
    for (const pack of added) index.add(pack)
    expect(index.entryCount).toBe(150_000)
    expect(index.byteLength / index.entryCount).toBeLessThan(64)
    const wrong = added.filter((pack) =>
      pack.blobs.some((blob) => {
        const found = index.lookup('data', blob.id)
        return found?.offset !== blob.offset || found.pack !== pack.id || found.length !== blob.length
      }),
    )
    expect(wrong).toEqual([])
    expect(index.has('tree', added[0]?.blobs[0]?.id ?? randomId())).toBe(false)
    for (let i = 0; i < 1000; i++) expect(index.has('data', randomId())).toBe(false)
  })

  // What follows would take minutes, not a second, if it took time in proportion to the square of what is added.
  it('bears ids that were chosen to be alike', () => {
    const index = new BlobIndex()
    const blobs = Array.from({ length: 60_000 }, (_, i) => ({
      type: 'data' as const,
      id: `${'0'.repeat(28)}${i.toString(16).padStart(8, '0')}${'0'.repeat(28)}` as Id,
      offset: 0,
      length: 100,
      uncompressedLength: 0,
    }))
    index.add({ id: randomId(), blobs })
    expect(blobs.every(({ id }) => index.has('data', id))).toBe(true)
  })

  it('bears one blob that is said to lie in very many places of a pack that comes again and again', () => {
    const index = new BlobIndex()
    const id = randomId()
    const pack = randomId()
    const places = (count: number, from: number): PackContents['blobs'] =>
      Array.from({ length: count }, (_, i) => ({
        type: 'data',
        id,
        offset: from + i,
        length: 50,
        uncompressedLength: 0,
      }))
    for (let round = 0; round < 4; round++) index.add({ id: pack, blobs: places(40_000, round * 40_000) })
    expect(index.lookupAll('data', id)).toHaveLength(160_000)
    expect(index.pack(pack)?.blobs).toHaveLength(160_000)
  })
})
