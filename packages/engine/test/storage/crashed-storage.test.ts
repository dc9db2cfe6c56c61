import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createStorage, openStorage } from '../../src/storage/open-storage.ts'
import { SqliteStorage } from '../../src/storage/sqlite.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { expectSame } from './expectations.ts'
import { contentOf, nameOf } from './numbered-objects.ts'
import { runProcess } from './run-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

async function makeStorage(location: string): Promise<void> {
  const storage = await createStorage(location)
  await storage.save('config', '', Buffer.from('config'))
  await storage.close()
}

async function open(location: string): Promise<Storage> {
  const storage = await openStorage(location)
  onTestFinished(() => storage.close())
  return storage
}

function expectIntact(database: string): void {
  const connection = new DatabaseSync(database)
  try {
    expect(connection.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    const orphans = connection.prepare(
      'SELECT count(*) AS n FROM pieces WHERE key >> 20 NOT IN (SELECT number FROM objects)',
    )
    expect(orphans.get()).toEqual({ n: 0 })
  } finally {
    connection.close()
  }
}

test.each([
  ['a folder', 'repository', 1],
  ['a folder', 'repository', 4],
  ['a database', 'backups.db', 1],
  ['a database', 'backups.db', 4],
])('a process is killed while it saves to %s', async (_kind, name, savesBefore) => {
  const location = join(await temporaryFolder(), name)
  await makeStorage(location)
  const { signal, lines } = await runProcess('saving-process.ts', [location, '0', '1000'], (line, child) => {
    if (Number(line) + 1 === savesBefore) child.kill('SIGKILL')
  })
  expect(signal).toBe('SIGKILL')
  expect(lines.length).toBeGreaterThanOrEqual(savesBefore)

  const storage = await open(location)
  const there = new Map((await storage.list('pack')).map((file) => [file.name, file.size]))
  // One more may have been saved without the news getting out.
  expect(there.size - lines.length).toBeGreaterThanOrEqual(0)
  expect(there.size - lines.length).toBeLessThanOrEqual(1)
  for (let n = 0; n < there.size; n++) {
    expect(there.get(nameOf(n))).toBe(contentOf(n).length)
    expectSame(await storage.load('pack', nameOf(n)), contentOf(n))
  }
  await storage.save('pack', nameOf(5000), contentOf(1))
  await storage.close()
  if (name.endsWith('.db')) expectIntact(location)
})

test.each([
  ['saving', 'INSERT INTO pieces VALUES (9000000000000, randomblob(3000000)), (9000000000001, randomblob(3000000))'],
  ['removing', 'DELETE FROM pieces; DELETE FROM objects'],
  ['shrinking', 'PRAGMA incremental_vacuum(60)'],
])('a process dies in the middle of %s, with half of it in the database file', async (_what, statements) => {
  const path = join(await temporaryFolder(), 'backups.db')
  await makeStorage(path)
  const storage = await SqliteStorage.open(path)
  for (const n of [0, 1, 2, 3, 4, 5, 6, 7]) await storage.save('pack', nameOf(n), contentOf(n))
  for (const n of [0, 2, 4]) await storage.remove('pack', nameOf(n))
  await storage.close()
  const { mtimeNs } = await stat(path, { bigint: true })

  expect(await runProcess('dying-process.ts', [path, statements])).toMatchObject({ signal: 'SIGKILL' })
  expect((await stat(path, { bigint: true })).mtimeNs).not.toBe(mtimeNs)
  expect((await stat(`${path}-journal`)).size).toBeGreaterThan(0)

  const after = await open(path)
  expect((await after.list('pack')).map(({ name }) => name).toSorted()).toEqual([1, 3, 5, 6, 7].map(nameOf).toSorted())
  for (const n of [1, 3, 5, 6, 7]) expectSame(await after.load('pack', nameOf(n)), contentOf(n))
  await after.reclaim?.()
  for (const n of [1, 3, 5, 6, 7]) expectSame(await after.load('pack', nameOf(n)), contentOf(n))
  await after.close()
  expectIntact(path)
  expect(await readdir(join(path, '..'))).toEqual(['backups.db'])
})

test.each(['repository', 'backups.db'])('two processes save to %s at once', async (name) => {
  const location = join(await temporaryFolder(), name)
  await makeStorage(location)
  const storage = await open(location)
  const other = runProcess('saving-process.ts', [location, '100', '12'])
  for (let n = 0; n < 12; n++) {
    await storage.save('pack', nameOf(n), contentOf(n))
    if (n % 3 === 0) await storage.remove('pack', nameOf(n))
    if (n % 4 === 0) await storage.reclaim?.()
  }
  expect(await other).toMatchObject({ code: 0, lines: expect.objectContaining({ length: 12 }) })
  const expected = [1, 2, 4, 5, 7, 8, 10, 11, ...Array.from({ length: 12 }, (_, n) => 100 + n)]
  expect((await storage.list('pack')).map((file) => file.name).toSorted()).toEqual(expected.map(nameOf).toSorted())
  for (const n of expected) expectSame(await storage.load('pack', nameOf(n)), contentOf(n))
  await storage.close()
  if (name.endsWith('.db')) expectIntact(location)
})

test('a process that is done ends, though it never closed its database', async () => {
  const location = join(await temporaryFolder(), 'backups.db')
  await makeStorage(location)
  expect(await runProcess('saving-process.ts', [location, '0', '2'])).toMatchObject({ code: 0, lines: ['0', '1'] })
})

test('making a database goes on where it was interrupted', async () => {
  const path = join(await temporaryFolder(), 'backups.db')
  await writeFile(path, '')
  await expect(openStorage(path)).rejects.toMatchObject({ code: 'ERR_VARVE_NO_REPOSITORY' })
  await (await createStorage(path)).close()
  await expect(openStorage(path)).rejects.toMatchObject({ code: 'ERR_VARVE_NO_REPOSITORY' })
  await makeStorage(path)
  expect(await (await open(path)).list('config')).toEqual([{ name: '', size: 6 }])
  expectIntact(path)
})

test('making one database several times at once makes it once', async () => {
  const path = join(await temporaryFolder(), 'backups.db')
  const storages = await Promise.all(Array.from({ length: 4 }, () => SqliteStorage.create(path)))
  await Promise.all(storages.map((storage, n) => storage.save('key', nameOf(n), contentOf(n))))
  expect((await storages[0]?.list('key'))?.length).toBe(4)
  await Promise.all(storages.map((storage) => storage.close()))
  expectIntact(path)
})
