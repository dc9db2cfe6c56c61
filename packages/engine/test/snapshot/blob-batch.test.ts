import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BlobType } from '../../src/repository/blob.ts'
import { idFromBytes, idOf } from '../../src/repository/id.ts'
import { joinBlobs, splitBlobs } from '../../src/snapshot/blob-batch.ts'

test('a batch gives back the blobs that went into it, also as it arrives in a thread', () => {
  const blob = fc.record({
    type: fc.constantFrom<BlobType>('data', 'tree'),
    id: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => idFromBytes(bytes)),
    bytes: fc.uint8Array({ maxLength: 100 }),
  })
  fc.assert(
    fc.property(fc.array(blob, { maxLength: 20 }), (blobs) => {
      const copies = blobs.map((each) => ({ ...each, bytes: each.bytes.slice() }))
      const batch = joinBlobs(copies)
      const sent = structuredClone(batch, { transfer: [batch.bytes.buffer] })
      expect([...splitBlobs(sent)]).toEqual(blobs)
      expect(copies.every(({ bytes }) => bytes.length === 0)).toBe(true)
    }),
  )
})

test('memory that a blob shares with others stays as it is', () => {
  const shared = new Uint8Array([1, 2, 3, 4])
  const id = idOf(shared)
  for (const parts of [[shared.subarray(1, 3)], [shared.subarray(0, 2), shared.subarray(2)]]) {
    const batch = joinBlobs(parts.map((bytes) => ({ type: 'data', id, bytes })))
    expect(batch.bytes.buffer).not.toBe(shared.buffer)
    expect([...splitBlobs(batch)].map(({ bytes }) => bytes)).toEqual(parts)
    expect([...shared]).toEqual([1, 2, 3, 4])
  }
})
