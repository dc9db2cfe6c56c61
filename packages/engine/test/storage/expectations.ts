import { expect } from 'vitest'
import type { ByteRange } from '../../src/storage/storage.ts'

/** Compares without printing megabytes. */
export function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length)
  expect(Buffer.compare(actual, expected)).toBe(0)
}

/** The bytes of a range. */
export function part(bytes: Uint8Array, range: ByteRange): Uint8Array {
  return bytes.subarray(range.offset, range.offset + range.length)
}

/** A mistake of the caller, not something that users can bring about. */
export function isPlainError(error: unknown): boolean {
  return error instanceof Error && error.name === 'Error' && !('code' in error)
}
