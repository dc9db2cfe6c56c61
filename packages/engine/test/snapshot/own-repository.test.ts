import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { DirectoryStorage } from '../../src/storage/directory.ts'
import { SqliteStorage } from '../../src/storage/sqlite.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'
import { contentOf, madeSnapshot, SnapshotContent, takeSnapshot } from './take-snapshot.ts'

async function repositoryIn(storage: Storage): Promise<OpenRepository> {
  const repository = await cheapRepository({ storage })
  onTestFinished(() => repository.close())
  return repository
}

test('a repository in a folder is left out of a snapshot of what it lies in', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'file'), 'content')
  const repository = await repositoryIn(await DirectoryStorage.create(join(folder, 'inner', 'repository')))
  const content = await contentOf(repository, folder)
  expect(content.paths).toEqual(['file', 'inner'])
  expect(content.problems).toEqual([])
  expect((await contentOf(repository, folder)).paths).toEqual(['file', 'inner'])
})

test('a repository in a database is left out, with all that the database may keep beside it', async () => {
  const folder = scratchFolder()
  const others = ['backups.db.txt', 'backups.db2', 'file', 'other-wal']
  for (const name of others) writeFileSync(join(folder, name), name)
  const repository = await repositoryIn(await SqliteStorage.create(join(folder, 'backups.db')))
  expect((await contentOf(repository, folder)).paths).toEqual(others)
  // They come and go with each transaction.
  for (const suffix of ['-journal', '-wal', '-shm']) writeFileSync(join(folder, `backups.db${suffix}`), '')
  const again = await contentOf(repository, folder)
  expect(again.paths).toEqual(others)
  expect(again.problems).toEqual([])
})

test('it is left out when it is the source itself, or something in it is', async () => {
  const folder = scratchFolder()
  const location = join(folder, 'repository')
  const repository = await repositoryIn(await DirectoryStorage.create(location))
  writeFileSync(join(folder, 'file'), 'content')
  const config = join(location, 'config')
  for (const named of [[location], [config], [location, config], [config, folder], [folder, location]]) {
    const made = madeSnapshot(await takeSnapshot(repository, { paths: [...named, join(folder, 'file')] }))
    const { nodes } = await SnapshotContent.read(repository, made, folder)
    expect([...nodes.values()].filter(({ type }) => type === 'file').map(({ name }) => name)).toEqual(['file'])
  }
})

test('it is found behind links', async () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'real', 'inner'), { recursive: true })
  symlinkSync('real', join(folder, 'link'))
  const repository = await repositoryIn(await DirectoryStorage.create(join(folder, 'link', 'inner', 'repository')))
  writeFileSync(join(folder, 'real', 'inner', 'file'), 'content')
  expect((await contentOf(repository, join(folder, 'real'))).paths).toEqual(['inner', 'inner/file'])
})
