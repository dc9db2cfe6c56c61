import { existsSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { writeAll, writeAllSync } from '../src/write-all.ts'
import { scratchFolder } from '../../../test/scratch-folder.ts'

/** Lengths around those at which bytes are written in several pieces. */
const length = fc.oneof(fc.nat(100), fc.integer({ min: 512 * 1024 - 2, max: 512 * 1024 + 2 }), fc.constant(1_700_000))

/** Bytes of which no two pieces are alike. */
function bytesOf(count: number): Buffer {
  const bytes = Buffer.alloc(count)
  for (let at = 0; at + 4 <= count; at += 4) bytes.writeUInt32LE(at, at)
  return bytes
}

describe('all bytes are written', () => {
  test('one buffer after the other, where the file stands', async () => {
    const path = join(scratchFolder(), 'file')
    await fc.assert(
      fc.asyncProperty(fc.array(length, { maxLength: 3 }), async (lengths) => {
        const parts = lengths.map(bytesOf)
        const file = await open(path, 'w')
        for (const part of parts) await writeAll(file, part)
        await file.close()
        expect(readFileSync(path).equals(Buffer.concat(parts))).toBe(true)
        const fd = openSync(path, 'w')
        for (const part of parts) writeAllSync(fd, part)
        closeSync(fd)
        expect(readFileSync(path).equals(Buffer.concat(parts))).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  test('at an offset, and nothing around them', () => {
    const path = join(scratchFolder(), 'file')
    fc.assert(
      fc.property(length, fc.nat(1000), (count, offset) => {
        const before = Buffer.alloc(count + 2000, 0xff)
        writeFileSync(path, before)
        const fd = openSync(path, 'r+')
        writeAllSync(fd, bytesOf(count), offset)
        closeSync(fd)
        bytesOf(count).copy(before, offset)
        expect(readFileSync(path).equals(before)).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  test('or it is said that the disk is full', async ({ skip }) => {
    if (!existsSync('/dev/full')) skip('there is no device that is always full')
    const file = await open('/dev/full', 'w')
    await expect(writeAll(file, bytesOf(1_700_000))).rejects.toThrow('ENOSPC')
    expect(() => writeAllSync(file.fd, bytesOf(1_700_000))).toThrow('ENOSPC')
    expect(() => writeAllSync(file.fd, bytesOf(1_700_000), 5)).toThrow('ENOSPC')
    await file.close()
  })
})
