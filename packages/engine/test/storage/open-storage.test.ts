import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { DirectoryStorage } from '../../src/storage/directory.ts'
import { createStorage, openStorage } from '../../src/storage/open-storage.ts'
import { SqliteStorage } from '../../src/storage/sqlite.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { temporaryFolder } from './temporary-folder.ts'

async function create(location: string): Promise<Storage> {
  const storage = await createStorage(location)
  onTestFinished(() => storage.close())
  await storage.save('config', '', Buffer.from('config'))
  return storage
}

async function open(location: string): Promise<Storage> {
  const storage = await openStorage(location)
  onTestFinished(() => storage.close())
  return storage
}

test.each([
  ['', 'repository', DirectoryStorage],
  ['', 'backups.db', SqliteStorage],
  ['', 'backups.SQLite', SqliteStorage],
  ['', 'backups.dbx', DirectoryStorage],
  ['local:', 'backups.db', DirectoryStorage],
  ['sqlite:', 'repository', SqliteStorage],
  ['SQLITE:', 'repository', SqliteStorage],
])('%s and the path %s make what they say, and find it again with or without', async (scheme, name, kind) => {
  const path = join(await temporaryFolder(), name)
  expect(await create(scheme + path)).toBeInstanceOf(kind)
  expect(await open(scheme + path)).toBeInstanceOf(kind)
  expect(await open(path)).toBeInstanceOf(kind)
  await expect(createStorage(path)).rejects.toMatchObject({ code: 'ERR_VARVE_REPOSITORY_EXISTS' })
  await expect(createStorage(scheme + path)).rejects.toMatchObject({ code: 'ERR_VARVE_REPOSITORY_EXISTS' })
})

test('what is there decides, not its name', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'folder.db'))
  await writeFile(join(folder, 'file'), '')
  expect(await create(join(folder, 'folder.db'))).toBeInstanceOf(DirectoryStorage)
  expect(await create(join(folder, 'file'))).toBeInstanceOf(SqliteStorage)
})

test('opening says what is there instead of a repository, and makes nothing', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'empty'))
  await mkdir(join(folder, 'photos', 'summer'), { recursive: true })
  await writeFile(join(folder, 'notes.txt'), 'Dear diary')
  await writeFile(join(folder, 'nothing.db'), '')
  await (await createStorage(join(folder, 'interrupted'))).close()
  await (await create(join(folder, 'lost'))).close()
  await rm(join(folder, 'lost', 'config'))
  const before = await readdir(folder, { recursive: true })
  for (const [location, message] of [
    ['missing', /missing' does not exist/],
    ['missing.db', /missing\.db' does not exist/],
    ['no/where/missing', /missing' does not exist/],
    ['empty', /is an empty folder/],
    ['photos', /is a folder, but not a repository/],
    ['notes.txt', /is no database/],
    ['notes.txt/below', /below' (does not exist|is a file)/],
    ['nothing.db', /is empty, not a repository/],
    ['interrupted', /has the folders of a repository, but its config is missing/],
    ['lost', /has the folders of a repository, but its config is missing/],
  ] as const) {
    await expect(openStorage(join(folder, location))).rejects.toMatchObject({
      code: 'ERR_VARVE_NO_REPOSITORY',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    })
  }
  for (const [location, message] of [
    [`sqlite:${folder}/missing.db`, /does not exist/],
    [`sqlite:${folder}/empty`, /is no file/],
    [`local:${folder}/missing`, /does not exist/],
    [`local:${folder}/notes.txt`, /is a file/],
  ] as const) {
    await expect(openStorage(location)).rejects.toMatchObject({
      code: 'ERR_VARVE_NO_REPOSITORY',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    })
  }
  expect(await readdir(folder, { recursive: true })).toEqual(before)
})

test('nothing is made where a file is in the way', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'notes.txt'), 'Dear diary')
  for (const location of ['notes.txt', 'notes.txt/below']) {
    for (const scheme of ['', 'local:', 'sqlite:']) {
      await expect(createStorage(scheme + join(folder, location))).rejects.toMatchObject({
        code: 'ERR_VARVE_BAD_ARGUMENT',
      })
    }
  }
})

test.each([
  'sftp:user@host:/srv/repository',
  's3:s3.amazonaws.com/bucket',
  'rclone:remote:path',
  'REST:https://u:pw@h/',
])('%s is of a kind that does not exist, and may hold a secret', async (location) => {
  for (const attempt of [openStorage, createStorage]) {
    await expect(attempt(location)).rejects.toMatchObject({
      code: 'ERR_VARVE_BAD_ARGUMENT',
      message: `there is no kind of storage named '${location.slice(0, location.indexOf(':')).toLowerCase()}'`,
      hint: expect.stringMatching(/^[^@]*sqlite:FILE or local:FOLDER[^@]*$/),
    })
  }
})

test.each(['', 'sqlite:', 'local:', 'a\0b', 'sqlite:a\0b'])('%j names no place', async (location) => {
  for (const attempt of [openStorage, createStorage]) {
    await expect(attempt(location)).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT', hint: expect.any(String) })
  }
})

test('a path with a colon can be named all the same', async () => {
  const folder = await temporaryFolder()
  expect(await create(join(folder, 's3:bucket'))).toBeInstanceOf(DirectoryStorage)
  expect(await open(`local:${join(folder, 's3:bucket')}`)).toBeInstanceOf(DirectoryStorage)
  await expect(openStorage('C:\\nowhere')).rejects.toMatchObject({ code: 'ERR_VARVE_NO_REPOSITORY' })
})
