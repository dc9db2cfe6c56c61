import { lstatSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { idOf } from '../../src/repository/id.ts'
import { BlobSaver } from '../../src/snapshot/blob-saver.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import type { FileType } from '../../src/storage/storage.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'

/** Says at once that it has taken a pack, and has it stored only when it is told to go on. */
class SlowStorage extends MemoryStorage {
  readonly takesEarly = true
  taken = 0
  readonly #goOn = Promise.withResolvers<void>()

  goOn(): void {
    this.#goOn.resolve()
  }

  override async save(type: FileType, name: string, bytes: Uint8Array, onTaken?: () => void): Promise<void> {
    if (type !== 'pack') return await super.save(type, name, bytes)
    const copy = Buffer.from(bytes)
    onTaken?.()
    this.taken++
    await this.#goOn.promise
    await super.save(type, name, copy)
  }
}

test('packs are filled while those that the storage has taken are not durable yet', async () => {
  const storage = new SlowStorage()
  const repository = await cheapRepository({ storage, compression: 'off' })
  const saver = new BlobSaver(await repository.loadIndex(), { workers: 1, dryRun: false })
  try {
    const path = join(scratchFolder(), 'file')
    // More packs than the memory that they are filled in has places.
    writeFileSync(path, noise(56 * 1024 * 1024, 1))
    const { size, mtimeNs, ctimeNs, ino } = lstatSync(path, { bigint: true })
    saver.saveFile({ path, size, mtimeNs, ctimeNs, ino }, () => undefined)
    await saver.filesDone()
    while (storage.taken < 3) await nextTurn()
    expect(await storage.list('pack')).toEqual([])
    expect(await storage.list('index')).toEqual([])
    storage.goOn()
    await saver.finish()
    for (const { name } of await storage.list('pack')) expect(idOf(await storage.load('pack', name))).toBe(name)
    expect(await storage.list('index')).toHaveLength(1)
  } finally {
    await saver.close()
  }
})
