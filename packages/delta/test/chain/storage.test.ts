import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { FolderStorage } from '../../src/chain/folder-storage.ts'
import { MemoryStorage } from './memory-storage.ts'
import { describeStorage } from './storage-contract.ts'

describeStorage('a folder', () => new FolderStorage(join(scratchFolder(), 'made/when/needed')))

describeStorage('memory', () => new MemoryStorage())

test('a name that leads elsewhere is refused, and what was never finished is not listed', async () => {
  const folder = scratchFolder()
  const storage = new FolderStorage(folder)
  await expect(storage.remove('../x')).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
  writeFileSync(join(folder, 'x.json-tmp-0123456789abcdef'), 'half')
  expect(await storage.list()).toEqual([])
})

test('a folder that cannot be used is named', async () => {
  const path = join(scratchFolder(), 'file')
  writeFileSync(path, '')
  const storage = new FolderStorage(path)
  await expect(storage.list()).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
  await expect(storage.put('x', new Blob([]).stream())).rejects.toThrow(path)
})
