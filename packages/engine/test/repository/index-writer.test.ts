import { describe, expect, it } from 'vitest'
import { INDEX_FILE_BLOBS } from '../../src/repository/index-file.ts'
import { IndexWriter } from '../../src/repository/index-writer.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { cheapRepository } from './cheap-repository.ts'
import { imaginaryPack } from './test-packs.ts'

describe('IndexWriter', () => {
  it('writes one file, when asked', async () => {
    const repository = await cheapRepository()
    const writer = new IndexWriter(repository)
    const packs = [imaginaryPack(3), imaginaryPack(4, 'tree')]
    for (const pack of packs) writer.add(pack)
    expect(writer.written).toEqual([])
    await writer.flush()
    expect((await repository.storage.list('index')).map(({ name }) => name)).toEqual(writer.written)
    expect(writer.written).toHaveLength(1)
    expect([...(await repository.loadIndex()).index.packs()]).toEqual(packs)
    await writer.flush()
    expect(writer.written).toHaveLength(1)
  })

  it('writes nothing where there is nothing', async () => {
    const repository = await cheapRepository()
    await new IndexWriter(repository).flush()
    expect(await repository.storage.list('index')).toEqual([])
  })

  it('writes a file for every 50,000 blobs meanwhile', async () => {
    expect(INDEX_FILE_BLOBS).toBe(50_000)
    const repository = await cheapRepository({ compression: 'fastest' })
    const writer = new IndexWriter(repository)
    for (let i = 0; i < 11; i++) writer.add(imaginaryPack(10_000))
    await writer.flush()
    expect(writer.written).toHaveLength(3)
    expect((await repository.loadIndex()).index.entryCount).toBe(110_000)
  })

  it('writes a file that is not full when it has waited for ten minutes', async () => {
    const repository = await cheapRepository()
    let now = 0
    const writer = new IndexWriter(repository, () => now)
    const written: number[] = []
    for (; now < 30 * 60_000; now += 60_000) {
      writer.add(imaginaryPack(1))
      await new Promise(setImmediate)
      written.push(writer.written.length)
    }
    expect(written.indexOf(1)).toBe(10)
    expect(written.indexOf(2)).toBe(21)
    await writer.flush()
    expect((await repository.loadIndex()).index.entryCount).toBe(30)
  })

  it('waits for files under way, and no longer, when it is given up', async () => {
    const storage = new MemoryStorage()
    await cheapRepository({ storage })
    const faulty = new FaultyStorage(storage, [
      { operation: 'save', type: 'index', at: 1, action: { kind: 'delay', milliseconds: 20 } },
      { operation: 'save', type: 'index', at: 2, action: { kind: 'fail' } },
    ])
    const writer = new IndexWriter(await openRepository({ storage: faulty, password: 'secret' }))
    writer.add(imaginaryPack(INDEX_FILE_BLOBS))
    writer.add(imaginaryPack(1))
    await writer.settled()
    expect(writer.written).toHaveLength(1)
    writer.add(imaginaryPack(INDEX_FILE_BLOBS))
    await writer.settled()
    expect(await storage.list('index')).toHaveLength(1)
  })

  it('says at the end that a file could not be written', async () => {
    const storage = new MemoryStorage()
    await cheapRepository({ storage })
    const faulty = new FaultyStorage(storage, [{ at: 1, operation: 'save', type: 'index', action: { kind: 'fail' } }])
    const writer = new IndexWriter(await openRepository({ storage: faulty, password: 'secret' }))
    writer.add(imaginaryPack(INDEX_FILE_BLOBS))
    await new Promise(setImmediate)
    writer.add(imaginaryPack(1))
    await expect(writer.flush()).rejects.toThrow(expect.objectContaining({ code: 'ERR_VARVE_STORAGE' }))
  })
})
