import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { idOf } from '../../src/repository/id.ts'
import { EntryMark } from '../../src/restore/entry-mark.ts'
import { PlannedEntries, type EntryMetadata, type NewEntry } from '../../src/restore/planned-entries.ts'
import { PlannedPieces } from '../../src/restore/planned-pieces.ts'

const time = fc.bigInt({ min: -62_135_596_800_000_000_000n, max: 253_402_300_799_999_999_999n })

const metadata: fc.Arbitrary<EntryMetadata | undefined> = fc.option(
  fc.record({
    mode: fc.integer({ min: 0, max: 0xffff_ffff }),
    uid: fc.integer({ min: 0, max: 0xffff_ffff }),
    gid: fc.integer({ min: 0, max: 0xffff_ffff }),
    atime: time,
    mtime: time,
    attributes: fc.array(
      fc.record({ name: fc.constantFrom('user.a', 'user.b'), value: fc.option(fc.uint8Array({ maxLength: 2 })) }),
      { maxLength: 2 },
    ),
  }),
  { nil: undefined },
)

/** Names as trees have them: text, bytes that are not UTF-8 among it. */
const name = fc
  .array(fc.constantFrom('a', 'é', '日', '😀', '\udc80', '\udcff', ' '), { minLength: 1 })
  .map((parts) => parts.join(''))

const entry: fc.Arbitrary<Omit<NewEntry, 'parent'>> = fc.record({
  name,
  type: fc.constantFrom('file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'),
  action: fc.constantFrom('make', 'replace', 'update', 'keep', 'skip'),
  size: fc.maxSafeNat(),
  metadata,
  firstPiece: fc.nat(),
  endPiece: fc.nat(),
})

/** What entries say of the one with a number. */
function told(entries: PlannedEntries, number: number): object {
  return {
    path: entries.path(number),
    type: entries.type(number),
    isFile: entries.isFile(number),
    isFolder: entries.isFolder(number),
    action: entries.action(number),
    size: entries.size(number),
    metadata: entries.metadata(number),
    firstPiece: entries.firstPiece(number),
    endPiece: entries.endPiece(number),
    parent: entries.parent(number),
  }
}

test('entries come out as they went in, here and in other threads, however many', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(entry, fc.nat()), { maxLength: 30 }), fc.boolean(), (added, many) => {
      const entries = new PlannedEntries('/target', '/')
      const root = {
        name: '',
        type: 'dir',
        action: 'keep',
        size: 0,
        metadata: undefined,
        firstPiece: 0,
        endPiece: 0,
      } as const
      entries.add({ ...root, parent: 0 })
      const paths = ['/target']
      const expected = added.map(([it, anywhere]) => {
        const parent = anywhere % entries.count
        const path = `${paths[parent]}/${it.name}`
        paths.push(path)
        entries.add({ ...it, parent })
        const { type, action, size, metadata, firstPiece, endPiece } = it
        const kind = { isFile: type === 'file', isFolder: type === 'dir' }
        return { path, type, ...kind, action, size, metadata, firstPiece, endPiece, parent }
      })
      if (many) for (let i = 0; i < 1000; i++) entries.add({ ...root, parent: 0, name: `filler ${i}` })
      const numbers = added.map((_, i) => i + 1)
      expect(numbers.map((number) => told(entries, number))).toEqual(expected)
      const other = PlannedEntries.attach(structuredClone(entries.share()))
      expect(numbers.map((number) => told(other, number))).toEqual(expected)
      expect(numbers.map((number) => told(entries, number))).toEqual(expected)
    }),
    { numRuns: 50 },
  )
})

test('marks and pending pieces are the same for all threads', () => {
  const entries = new PlannedEntries('/', '/')
  const plain = {
    parent: 0,
    name: 'x',
    type: 'file',
    action: 'make',
    size: 0,
    metadata: undefined,
    firstPiece: 0,
    endPiece: 0,
  } as const
  entries.add({ ...plain, name: '' })
  const number = entries.add(plain)
  expect(entries.path(number)).toBe('/x')
  const other = PlannedEntries.attach(entries.share())
  expect(other.mark(number, EntryMark.failed)).toBe(true)
  expect(entries.mark(number, EntryMark.failed)).toBe(false)
  expect(entries.isMarked(number, EntryMark.failed)).toBe(true)
  expect(entries.isMarked(number, EntryMark.failed | EntryMark.done)).toBe(false)
  entries.setPending(number, 2)
  expect([other.settlePiece(number), entries.settlePiece(number)]).toEqual([false, true])
})

test('pieces come out as they went in, here and in other threads, however many', () => {
  const piece = fc.record({
    entry: fc.nat(),
    fileOffset: fc.maxSafeNat(),
    offset: fc.integer({ min: 0, max: 0xffff_ffff }),
    length: fc.integer({ min: 32, max: 0xffff_ffff }),
    uncompressedLength: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 0xffff_ffff })),
    pack: fc.integer({ min: 0, max: 3 }),
    wanted: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 600 }), (added) => {
      const pieces = new PlannedPieces()
      for (const [i, { entry, fileOffset, pack, wanted, ...place }] of added.entries()) {
        const id = idOf(Buffer.from(String(i)))
        pieces.add(entry, fileOffset, { ...place, id, pack: idOf(Buffer.of(pack)), type: 'data' })
        pieces.setWanted(i, wanted)
      }
      for (const side of [pieces, PlannedPieces.attach(structuredClone(pieces.share()))]) {
        for (const [i, it] of added.entries()) {
          const id = idOf(Buffer.from(String(i)))
          expect(side.entry(i)).toBe(it.entry)
          expect(side.fileOffset(i)).toBe(it.fileOffset)
          expect(side.packOffset(i)).toBe(it.offset)
          expect([side.id(i), side.packedLength(i), side.uncompressedLength(i)]).toEqual([
            id,
            it.length,
            it.uncompressedLength,
          ])
          expect(side.hasId(i, Buffer.from(id, 'hex').toString('latin1'))).toBe(true)
          expect(side.hasId(i, Buffer.alloc(32).toString('latin1'))).toBe(false)
          expect(side.length(i)).toBe(it.uncompressedLength === 0 ? it.length - 32 : it.uncompressedLength)
          expect(side.isWanted(i)).toBe(it.wanted)
        }
      }
      for (const [i, it] of added.entries()) expect(pieces.packs[pieces.packNumber(i)]).toBe(idOf(Buffer.of(it.pack)))
    }),
    { numRuns: 20 },
  )
})
