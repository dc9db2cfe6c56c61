import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createStorage, openStorage } from '../../src/storage/open-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { expectSame } from './expectations.ts'
import { contentOf, nameOf } from './numbered-objects.ts'
import { makeReadOnly, mountScratch, mountsMissing } from './scratch-mount.ts'

async function makeStorage(location: string): Promise<Storage> {
  const storage = await createStorage(location)
  onTestFinished(() => storage.close())
  await storage.save('config', '', Buffer.from('config'))
  await storage.save('pack', nameOf(1), contentOf(1))
  return storage
}

describe.skipIf(mountsMissing !== undefined).each(['repository', 'backups.db'])('%s', (name) => {
  test('on a full disk fails, says so, and keeps what it has', async () => {
    const folder = await mountScratch('6m')
    const location = join(folder, name)
    const storage = await makeStorage(location)
    const tooMuch = new Uint8Array(8 * 2 ** 20)
    const failure = {
      code: 'ERR_VARVE_STORAGE',
      message: expect.stringMatching(/^cannot save pack [0-9a-f]{8}: no space is left for /),
      hint: expect.stringContaining('free some space'),
      cause: expect.any(Error),
    }
    await Promise.all(
      [2, 3].map((n) => expect(storage.save('pack', nameOf(n), tooMuch)).rejects.toMatchObject(failure)),
    )
    expect(await storage.list('pack')).toEqual([{ name: nameOf(1), size: contentOf(1).length }])
    expectSame(await storage.load('pack', nameOf(1)), contentOf(1))
    // What failed has left nothing behind that takes space.
    await storage.save('pack', nameOf(3), contentOf(3))
    await storage.save('pack', nameOf(4), contentOf(4))
    const names = await readdir(folder, { recursive: true })
    expect(names.filter((path) => /tmp|journal/.test(path))).toEqual([])
    await storage.remove('pack', nameOf(3))
    await storage.remove('pack', nameOf(4))
    await storage.save('pack', nameOf(2), new Uint8Array(3 * 2 ** 20))
  })

  test('on a read-only disk can be read, and says why it cannot be written', async () => {
    const folder = await mountScratch('6m')
    const location = join(folder, name)
    await (await makeStorage(location)).close()
    makeReadOnly(folder)
    const storage = await openStorage(location)
    onTestFinished(() => storage.close())
    expect((await storage.list('pack')).length).toBe(1)
    expectSame(await storage.load('pack', nameOf(1)), contentOf(1))
    const readOnly = { code: 'ERR_VARVE_STORAGE', message: expect.stringMatching(/^cannot .*: '.*' is read-only$/) }
    await expect(storage.save('pack', nameOf(2), contentOf(2))).rejects.toMatchObject(readOnly)
    await expect(storage.save('pack', nameOf(1), contentOf(1))).rejects.toMatchObject(readOnly)
    await expect(storage.remove('pack', nameOf(1))).rejects.toMatchObject(readOnly)
    expectSame(await storage.load('pack', nameOf(1)), contentOf(1))
    await expect(createStorage(join(folder, 'new'))).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
    await expect(createStorage(join(folder, 'new.db'))).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
  })
})
