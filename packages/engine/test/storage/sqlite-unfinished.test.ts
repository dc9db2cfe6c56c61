import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SqliteStorage } from '../../src/storage/sqlite.ts'
import { PAGE_SIZE } from '../../src/storage/sqlite-schema.ts'
import { pseudoRandom } from '../chunking/pseudo-random.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** The journal of a transaction that makes a database: nothing to bring back, of a file of so many pages. */
function journal(pagesBefore: number, sizeOfPages: number): Buffer {
  const header = Buffer.alloc(512)
  header.write('d9d505f920a163d7', 'hex')
  header.writeUInt32BE(0, 8)
  header.writeUInt32BE(0x1234, 12)
  header.writeUInt32BE(pagesBefore, 16)
  header.writeUInt32BE(512, 20)
  header.writeUInt32BE(sizeOfPages, 24)
  return header
}

async function left(content: Uint8Array, beside: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), 'backups.db')
  await writeFile(path, content)
  await writeFile(`${path}-journal`, beside)
  return path
}

test.each([
  ['zeros', Buffer.alloc(3 * PAGE_SIZE)],
  ['half of a page', Buffer.concat([Buffer.alloc(PAGE_SIZE / 2), pseudoRandom(1, PAGE_SIZE / 2)])],
  ['pages that end early', Buffer.concat([Buffer.alloc(PAGE_SIZE), pseudoRandom(1, PAGE_SIZE - 512)])],
])('a database that was just being made when the power failed, with %s, is made anew', async (_, content) => {
  const path = await left(content, journal(0, PAGE_SIZE))
  await expect(SqliteStorage.open(path)).rejects.toMatchObject({
    code: 'ERR_VARVE_NO_REPOSITORY',
    hint: 'creating it was interrupted: create it again',
  })
  const storage = await SqliteStorage.create(path)
  onTestFinished(() => storage.close())
  await storage.save('config', '', Buffer.from('config'))
  expect(await readdir(join(path, '..'))).toEqual(['backups.db'])
})

test.each([
  ['that had pages before', journal(1, PAGE_SIZE)],
  ['with pages of another size', journal(0, 4096)],
  ['that is none', pseudoRandom(2, 512)],
  ['that is empty', Buffer.alloc(0)],
])('a file beside a journal %s stays as it is', async (_, beside) => {
  const content = pseudoRandom(3, PAGE_SIZE)
  const path = await left(content, beside)
  await expect(SqliteStorage.create(path)).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
  expect(Buffer.compare(await readFile(path), content)).toBe(0)
})

test('a file that is no row of sectors stays as it is, whatever lies beside it', async () => {
  const content = Buffer.from('somebody’s notes')
  const path = await left(content, journal(0, PAGE_SIZE))
  await expect(SqliteStorage.create(path)).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
  expect(await readFile(path)).toEqual(content)
})
