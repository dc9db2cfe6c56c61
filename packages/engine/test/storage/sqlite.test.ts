import { mkdir, readdir, stat, symlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { PIECE_SIZE } from '../../src/storage/sqlite-schema.ts'
import { SqliteStorage } from '../../src/storage/sqlite.ts'
import { pseudoRandom } from '../chunking/pseudo-random.ts'
import { describeStorage } from './contract.ts'
import { expectSame } from './expectations.ts'
import { contentOf, nameOf } from './numbered-objects.ts'
import { temporaryFolder } from './temporary-folder.ts'

describeStorage('sqlite', {
  create: (folder) => SqliteStorage.create(join(folder, 'backups.db')),
  open: (folder) => SqliteStorage.open(join(folder, 'backups.db')),
})

async function create(path: string): Promise<SqliteStorage> {
  const storage = await SqliteStorage.create(path)
  onTestFinished(() => storage.close())
  await storage.save('config', '', Buffer.from('config'))
  return storage
}

async function open(path: string): Promise<SqliteStorage> {
  const storage = await SqliteStorage.open(path)
  onTestFinished(() => storage.close())
  return storage
}

/** Runs statements in a closed database. */
function change(path: string, statements: string): void {
  const connection = new DatabaseSync(path)
  connection.exec(statements)
  connection.close()
}

test('ranges are right at every edge of the pieces', async () => {
  const storage = await create(join(await temporaryFolder(), 'backups.db'))
  const sizes = [PIECE_SIZE - 1, PIECE_SIZE, PIECE_SIZE + 1, 3 * PIECE_SIZE, 3 * PIECE_SIZE + 1]
  const bytes = pseudoRandom(1, 3 * PIECE_SIZE + 1)
  for (const [n, size] of sizes.entries()) await storage.save('pack', nameOf(n), bytes.subarray(0, size))
  expect((await storage.list('pack')).length).toBe(sizes.length)
  const edge = fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: -2, max: 2 })).map(([n, by]) => n * PIECE_SIZE + by)
  const property = fc.asyncProperty(fc.nat({ max: sizes.length - 1 }), edge, edge, async (n, one, other) => {
    const size = sizes[n] ?? 0
    const [offset = 0, end = 0] = [one, other].map((at) => Math.min(Math.max(at, 0), size)).toSorted((a, b) => a - b)
    expectSame(await storage.load('pack', nameOf(n), { offset, length: end - offset }), bytes.subarray(offset, end))
  })
  await fc.assert(property, { numRuns: 150 })
  for (const [n, size] of sizes.entries()) expectSame(await storage.load('pack', nameOf(n)), bytes.subarray(0, size))
})

test('a range is read from the pieces that it lies in, and from no others', async () => {
  const path = join(await temporaryFolder(), 'backups.db')
  const bytes = pseudoRandom(1, 10 * PIECE_SIZE)
  const first = await create(path)
  await first.save('pack', nameOf(1), bytes)
  await first.close()
  // Whatever else were read would now be damaged.
  change(path, "UPDATE pieces SET bytes = x'00' WHERE bytes <> CAST('config' AS BLOB) AND key & 1048575 NOT IN (4, 5)")
  const storage = await open(path)
  for (const [offset, end] of [
    [4 * PIECE_SIZE, 6 * PIECE_SIZE],
    [4 * PIECE_SIZE + 7, 5 * PIECE_SIZE + 1],
    [5 * PIECE_SIZE, 5 * PIECE_SIZE + 1],
  ] as const) {
    expectSame(await storage.load('pack', nameOf(1), { offset, length: end - offset }), bytes.subarray(offset, end))
  }
  for (const range of [{ offset: 4 * PIECE_SIZE - 1, length: 1 }, { offset: 6 * PIECE_SIZE, length: 1 }, undefined]) {
    await expect(storage.load('pack', nameOf(1), range)).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  }
})

test('removing makes room for others, and reclaiming shrinks the file', async () => {
  const path = join(await temporaryFolder(), 'backups.db')
  const storage = await create(path)
  const size = async () => (await stat(path)).size
  for (let n = 0; n < 12; n++) await storage.save('pack', nameOf(n), contentOf(n))
  const full = await size()
  for (let n = 0; n < 10; n++) await storage.remove('pack', nameOf(n))
  expect(await size()).toBe(full)
  for (let n = 20; n < 24; n++) await storage.save('pack', nameOf(n), contentOf(0))
  expect(await size()).toBe(full)
  for (let n = 20; n < 24; n++) await storage.remove('pack', nameOf(n))
  await storage.reclaim()
  const kept = contentOf(10).length + contentOf(11).length
  expect(await size()).toBeLessThan(kept + 8 * 65536)
  for (const n of [10, 11]) expectSame(await storage.load('pack', nameOf(n)), contentOf(n))
  await storage.reclaim()
  for (const n of [10, 11]) await storage.remove('pack', nameOf(n))
  await storage.reclaim()
  expect(await size()).toBeLessThan(8 * 65536)
})

test('other calls are answered while the file shrinks', async () => {
  const storage = await create(join(await temporaryFolder(), 'backups.db'))
  const bytes = new Uint8Array(8 * 2 ** 20)
  for (let n = 0; n < 10; n++) await storage.save('pack', nameOf(n), bytes)
  for (let n = 0; n < 9; n++) await storage.remove('pack', nameOf(n))
  const order: string[] = []
  const shrunk = storage.reclaim().then(() => order.push('shrunk'))
  const listed = storage.list('pack').then(() => order.push('listed'))
  await Promise.all([shrunk, listed])
  expect(order).toEqual(['listed', 'shrunk'])
})

test('a database is only for its owner, and alone in its folder once it is closed', async () => {
  const folder = await temporaryFolder()
  const storage = await create(join(folder, 'new', 'deeper', 'backups.db'))
  await storage.close()
  expect((await stat(join(folder, 'new'))).mode & 0o777).toBe(0o700)
  expect((await stat(join(folder, 'new', 'deeper', 'backups.db'))).mode & 0o777).toBe(0o600)
  expect(await readdir(join(folder, 'new', 'deeper'))).toEqual(['backups.db'])
})

test('what a snapshot has to leave out is named by its real path too', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'real'))
  await symlink('real', join(folder, 'link'))
  const storage = await create(join(folder, 'link', 'backups.db'))
  for (const place of ['real', 'link']) {
    for (const ending of ['', '-journal', '-wal', '-shm']) {
      expect(storage.localPaths).toContain(join(folder, place, `backups.db${ending}`))
    }
  }
  expect(storage.localPaths.length).toBe(8)
})

test.each(['a b.db', 'per%20cent.db', 'what?mode=memory.db', 'hash#tag.db', 'file:x.db', 'Überraschung 沉积.db'])(
  'a database can be called %s',
  async (name) => {
    const folder = await temporaryFolder()
    const storage = await create(join(folder, name))
    await storage.close()
    expect(await readdir(folder)).toEqual([name])
    expect(await (await open(join(folder, name))).list('config')).toEqual([{ name: '', size: 6 }])
  },
)

test('a path is taken from the folder that was current when it was given', async () => {
  const folder = await temporaryFolder()
  const path = relative(process.cwd(), join(folder, 'backups.db'))
  const storage = await create(path)
  expect(storage.location).toBe(path)
  expect(storage.localPaths[0]).toBe(join(folder, 'backups.db'))
})

test('where a repository already is none is made', async () => {
  const path = join(await temporaryFolder(), 'backups.db')
  await (await create(path)).close()
  await expect(SqliteStorage.create(path)).rejects.toMatchObject({
    code: 'ERR_VARVE_REPOSITORY_EXISTS',
    message: expect.stringContaining(path),
  })
  expect(await (await open(path)).list('config')).toEqual([{ name: '', size: 6 }])
})

test('a database that others have set to a write-ahead log works as well', async () => {
  const path = join(await temporaryFolder(), 'backups.db')
  await (await create(path)).close()
  change(path, 'PRAGMA journal_mode = WAL')
  const storage = await open(path)
  await storage.save('pack', nameOf(1), contentOf(1))
  expect(await storage.list('pack')).toEqual([{ name: nameOf(1), size: contentOf(1).length }])
  expectSame(await (await open(path)).load('pack', nameOf(1)), contentOf(1))
})
