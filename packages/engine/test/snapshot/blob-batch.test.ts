import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BlobType } from '../../src/repository/blob.ts'
import { joinBlobs, splitBlobs } from '../../src/snapshot/blob-batch.ts'

test('a batch gives back the blobs that went into it, also as it arrives in a thread', () => {
  const blob = fc.record({
    type: fc.constantFrom<BlobType>('data', 'tree'),
    id: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    bytes: fc.uint8Array({ maxLength: 100 }),
  })
  fc.assert(
    fc.property(fc.array(blob, { maxLength: 20 }), (blobs) => {
      const batch = joinBlobs(blobs)
      const sent = structuredClone(batch, { transfer: [batch.ids.buffer, batch.bytes.buffer] })
      expect([...splitBlobs(sent)]).toEqual(blobs)
    }),
  )
})
