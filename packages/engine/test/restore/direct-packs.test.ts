import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { objectPath } from '../../src/storage/directory-layout.ts'
import { DirectoryStorage } from '../../src/storage/directory.ts'
import { LISTED_FILE_TYPES } from '../../src/storage/storage.ts'
import { noise, openFixture } from '../fixtures/repository-fixture.ts'
import { contentOf, RestoreFixture } from './restore-fixture.ts'

test('packs in a directory are read by the threads that need them, and by the storage where that fails', async () => {
  const fixture = await RestoreFixture.create()
  await fixture.snapshot({
    small: fixture.file(noise(400, 1)),
    large: fixture.file(noise(70_000, 2)),
    folder: fixture.folder({ other: fixture.file(noise(1500, 3)) }),
  })
  const { storage } = fixture.repositories
  const location = join(fixture.scratch, 'repository')
  const directory = await DirectoryStorage.create(location)
  for (const type of LISTED_FILE_TYPES) {
    for (const { name } of await storage.list(type)) await directory.save(type, name, await storage.load(type, name))
  }
  await directory.save('config', '', await storage.load('config', ''))
  const packs = [...(await fixture.repositories.repository.loadIndex()).index.packs()]
  const pack = packs.find(({ blobs }) => blobs[0]?.type === 'data')?.id ?? ''
  await fixture.restore()
  const expected = contentOf(fixture.target)

  const watched = await DirectoryStorage.open(location)
  const load = watched.load.bind(watched)
  const loaded: string[] = []
  watched.load = async (type, name, range) => {
    loaded.push(name)
    return load(type, name, range)
  }
  const repository = await openFixture(watched)
  const target = join(fixture.scratch, 'directly')
  expect(await fixture.restore({ target }, repository)).toMatchObject({ problems: 0 })
  expect(contentOf(target)).toEqual(expected)
  expect(loaded).not.toContain(pack)

  // Where the threads look there is no such pack; the storage has it nevertheless.
  Object.assign(watched, { direct: { kind: 'directory', root: join(fixture.scratch, 'elsewhere') } })
  expect(existsSync(objectPath(join(fixture.scratch, 'elsewhere'), 'pack', pack))).toBe(false)
  const otherTarget = join(fixture.scratch, 'through the storage')
  expect(await fixture.restore({ target: otherTarget }, repository)).toMatchObject({ problems: 0 })
  expect(contentOf(otherTarget)).toEqual(expected)
  expect(loaded).toContain(pack)
})
