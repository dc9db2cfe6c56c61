import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { check } from '../../src/maintenance/check.ts'
import type { CheckResult } from '../../src/maintenance/check-report.ts'
import { DirectoryStorage } from '../../src/storage/directory.ts'
import { LISTED_FILE_TYPES, type Storage } from '../../src/storage/storage.ts'
import { noise, openFixture, RepositoryFixture } from '../fixtures/repository-fixture.ts'
import { CHANGES, changeBytes, CheckedRepository, flipBit } from './checked-repository.ts'

type Change = (bytes: Uint8Array) => Uint8Array

const folder = mkdtempSync(join(tmpdir(), 'varve-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A directory with what another storage has. */
async function directoryLike(storage: Storage, name: string): Promise<DirectoryStorage> {
  const directory = await DirectoryStorage.create(join(folder, name))
  for (const type of LISTED_FILE_TYPES) {
    for (const { name } of await storage.list(type)) await directory.save(type, name, await storage.load(type, name))
  }
  await directory.save('config', '', await storage.load('config', ''))
  return directory
}

/** What a check finds while a pack is another one. */
async function checkWith(storage: Storage, pack: string, change: Change): Promise<CheckResult> {
  const repository = await openFixture(storage)
  const good = await storage.load('pack', pack)
  await changeBytes(storage, 'pack', pack, change)
  const result = await check(repository, { readData: true, noLock: true })
  await storage.save('pack', pack, good)
  return result
}

describe('packs that are read where they lie are judged as those that their storage reads', () => {
  let checked: CheckedRepository
  let directory: DirectoryStorage
  beforeAll(async () => {
    checked = await CheckedRepository.create()
    directory = await directoryLike(checked.fixture.storage, 'small')
  })

  test.each(Object.entries(CHANGES))('with %s', async (_, change) => {
    for (const { id } of [checked.dataPack, checked.treePack]) {
      const expected = await checkWith(checked.fixture.storage, id, change)
      expect(await checkWith(directory, id, change)).toEqual(expected)
    }
  })

  test('wherever a bit is flipped', async () => {
    const pack = fc.constantFrom(checked.dataPack.id, checked.treePack.id)
    await fc.assert(
      fc.asyncProperty(pack, fc.nat(), async (id, place) => {
        const flip = (bytes: Uint8Array): Uint8Array => flipBit(bytes, place % (bytes.length * 8))
        const expected = await checkWith(checked.fixture.storage, id, flip)
        expect(await checkWith(directory, id, flip)).toEqual(expected)
        expect(expected.problems).not.toEqual([])
      }),
      { numRuns: 15 },
    )
  })

  test('where one goes just before it is read', async () => {
    const repository = await openFixture(directory)
    const { id } = checked.dataPack
    const good = await directory.load('pack', id)
    directory.list = async (type) => {
      const files = await DirectoryStorage.prototype.list.call(directory, type)
      if (type === 'pack') await directory.remove('pack', id)
      return files
    }
    const { problems } = await check(repository, { readData: true, noLock: true })
    expect(problems).toMatchObject([{ kind: 'damaged-pack', pack: id }])
    expect(problems[0]?.message).toContain('cannot be read')
    await directory.save('pack', id, good)
  })
})

test('threads that read by themselves find the one bit that is wrong', async () => {
  const fixture = await RepositoryFixture.create()
  await fixture.snapshot({ large: noise(9 * 1024 * 1024, 1) })
  const directory = await directoryLike(fixture.storage, 'large')
  const repository = await openFixture(directory)
  const packs = [...(await repository.loadIndex()).index.packs()]
  const pack = packs.find(({ blobs }) => blobs.length > 10)
  const blob = pack?.blobs.at(-2)
  if (pack === undefined || blob === undefined) throw new Error('there should be a pack of many blobs')
  expect(await checkWith(directory, pack.id, (bytes) => bytes)).toMatchObject({ problems: [] })
  const { problems } = await checkWith(directory, pack.id, (bytes) => flipBit(bytes, (blob.offset + 100) * 8))
  expect(problems).toMatchObject([{ kind: 'damaged-pack' }, { kind: 'damaged-blob', blob: { id: blob.id } }])
})
