import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { idFromBytes } from '../../src/repository/id.ts'
import { joinFiles, joinSaved, splitFiles, splitSaved } from '../../src/snapshot/file-batch.ts'
import type { FileToSave, SavedFile } from '../../src/snapshot/save-jobs.ts'

const state = {
  size: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  mtimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  ctimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  // Node has the highest inodes below zero.
  ino: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
}
const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => idFromBytes(bytes))

test('files arrive in a thread as they were sent, whatever their times and inodes', () => {
  const file: fc.Arbitrary<FileToSave> = fc.record({ path: fc.string({ unit: 'binary' }), ...state })
  fc.assert(
    fc.property(fc.array(file, { maxLength: 20 }), (files) => {
      const batch = joinFiles(files)
      const sent = structuredClone(batch, { transfer: [batch.states.buffer] })
      expect([...splitFiles(sent)]).toEqual(files)
    }),
  )
})

test('what became of them comes back in their order', () => {
  const saved: fc.Arbitrary<SavedFile> = fc.oneof(
    fc.record({
      kind: fc.constant('saved' as const),
      content: fc.array(id, { maxLength: 4 }),
      size: fc.maxSafeNat(),
      found: fc.option(fc.record(state), { nil: undefined, freq: 5 }),
      changedWhileRead: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('failed' as const), message: fc.string() }),
  )
  fc.assert(
    fc.property(fc.array(saved, { maxLength: 20 }), (files) => {
      expect([...splitSaved(structuredClone(joinSaved(files)))]).toEqual(files)
    }),
  )
})
