import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Spool } from '../../src/spool/spool.ts'
import { memoryFolder } from '../directory-index/memory-folder.ts'
import { collect, noise } from '../directory-index/trees.ts'

describe('Spool', () => {
  it.each([
    ['in memory', 3],
    ['in a file without a name', 300],
  ])('gives back what was written, as often as one likes: %s', async (_, count) => {
    const folder = memoryFolder()
    const spool = new Spool({ folder })
    const piece = noise(100_003, 1)
    const whole = createHash('sha256')
    for (let i = 0; i < count; i++) {
      const bytes = Buffer.concat([Buffer.from([i % 256]), piece])
      whole.update(bytes)
      await spool.append(bytes)
    }
    const stored = spool.take()
    const digest = whole.digest()
    expect(stored.size).toBe(count * 100_004)
    for (let i = 0; i < 2; i++) {
      const again = createHash('sha256')
      for (const each of await collect(stored.pieces())) again.update(each)
      expect(again.digest().equals(digest)).toBe(true)
    }
    expect((await stored.read(100_004, 5)).equals(Buffer.concat([Buffer.from([1]), piece.subarray(0, 4)]))).toBe(true)
    await stored.toFile(join(folder, 'copy'))
    expect(
      createHash('sha256')
        .update(readFileSync(join(folder, 'copy')))
        .digest()
        .equals(digest),
    ).toBe(true)
    await stored.close()
    expect(readdirSync(folder)).toEqual(['copy'])
  })

  it.each([10, 1000])('can be filled anew when it was cleared, with %i bytes in memory', async (inMemory) => {
    const folder = memoryFolder()
    const spool = new Spool({ folder, inMemory })
    for (const text of ['some of it', 'and some other', '']) {
      for (const character of text) await spool.append(Buffer.from(character))
      expect(spool.size).toBe(text.length)
      expect(Buffer.concat(await collect(spool.content())).toString()).toBe(text)
      expect(readdirSync(folder)).toEqual([])
      await spool.clear()
      expect(spool.size).toBe(0)
    }
  })

  it('says where it cannot write', async () => {
    const spool = new Spool({ folder: join(memoryFolder(), 'missing') })
    await spool.append(Buffer.alloc(1000))
    await expect(spool.append(Buffer.alloc(10_000_000))).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
    await spool.clear()
  })
})
