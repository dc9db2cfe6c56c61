import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isVarveError } from '@varve/platform/errors'
import { BlobIndex } from '../../src/repository/blob-index.ts'
import type { PackContents } from '../../src/repository/blob.ts'
import { decodeIndex, encodeIndex, indexPacks } from '../../src/repository/index-file.ts'
import { imaginaryPack, randomId } from './test-packs.ts'

const name = randomId()
const packs = [imaginaryPack(3, 'data'), imaginaryPack(0, 'tree'), imaginaryPack(2, 'tree')]

/** What an index holds after reading a text, or why it could not be read. */
function indexed(json: Uint8Array): readonly PackContents[] | string {
  const index = new BlobIndex()
  return outcome(() => {
    indexPacks(json, name, index)
    return [...index.packs()]
  })
}

/** The same by way of objects. */
function added(json: Uint8Array): readonly PackContents[] | string {
  const index = new BlobIndex()
  return outcome(() => {
    for (const pack of decodeIndex(json, name)) index.add(pack)
    return [...index.packs()]
  })
}

/** An index with one blob of this length. */
function blobOf(length: string): Buffer {
  return Buffer.from(
    `{"packs":[{"id":"${name}","blobs":[{"id":"${name}","type":"data","offset":0,"length":${length}}]}]}`,
  )
}

function outcome<T>(work: () => T): T | string {
  try {
    return work()
  } catch (error) {
    if (!isVarveError(error, 'ERR_VARVE_DAMAGED')) throw error
    return error.message
  }
}

test('an index holds what the files say, packs that are named again included', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 8 }), fc.nat(8), (sizes, again) => {
      const some = sizes.map((size) => imaginaryPack(size, size % 2 === 0 ? 'data' : 'tree'))
      const repeated = some
        .slice(0, again)
        .map(({ id, blobs }) => ({ id, blobs: [...blobs, ...imaginaryPack(1, 'data').blobs] }))
      const json = encodeIndex([...some, ...repeated])
      expect(indexed(json)).toEqual(added(json))
    }),
  )
})

test('a pack of very many blobs, numbers as large as they get', () => {
  const { id, blobs } = imaginaryPack(5000, 'data')
  const largest = { offset: 0xffff_ffff, length: 0xffff_ffff, uncompressedLength: 0xffff_ffff }
  const pack = { id, blobs: blobs.map((blob) => ({ ...blob, ...largest })) }
  expect(indexed(encodeIndex([pack]))).toEqual([pack])
})

test('a text that has been tampered with says the same to both, or is damaged for both', () => {
  const json = encodeIndex(packs)
  const piece = fc.oneof(
    fc.constantFrom('', '"', ',', '0', '00', '-', ' ', 'A', '}', ']', '4294967296', ',"x":1'),
    fc.string({ maxLength: 2 }),
  )
  fc.assert(
    fc.property(fc.nat(json.length - 1), fc.nat(3), piece, (at, removed, inserted) => {
      const text = Buffer.concat([json.subarray(0, at), Buffer.from(inserted), json.subarray(at + removed)])
      expect(indexed(text)).toEqual(added(text))
    }),
    { numRuns: 2000 },
  )
})

test.each([
  ['31', '32'],
  ['4294967295', '4294967296'],
])('lengths end where they may not be: %s and %s', (a, b) => {
  const refused = [a, b].map((length) => typeof indexed(blobOf(length)) === 'string')
  expect(refused).toEqual([a, b].map((length) => typeof added(blobOf(length)) === 'string'))
  expect(refused).toContain(true)
  expect(refused).toContain(false)
})

test('room that was made beforehand changes nothing but the memory', () => {
  const index = new BlobIndex()
  const [first, ...rest] = [imaginaryPack(200, 'data'), ...packs]
  if (first === undefined) throw new Error('there is a first pack')
  index.add(first)
  index.reserve(10_000)
  for (const pack of rest) index.add(pack)
  index.reserve(5)
  expect([...index.packs()]).toEqual([first, ...rest])
  for (const { blobs } of [first, ...rest]) for (const { type, id } of blobs) expect(index.has(type, id)).toBe(true)
  const { byteLength } = index
  for (let number = 0; number < 9; number++) index.add(imaginaryPack(1000, 'tree'))
  expect(index.byteLength - byteLength).toBeLessThan(9000 * 64)
})
