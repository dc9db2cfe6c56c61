import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FaultyStorage } from '../../src/storage/faults.ts'
import type { MemoryStorage } from '../../src/storage/memory.ts'
import { copyStorage, FIXTURE_BLOB_SIZE, noise, openFixture } from '../fixtures/repository-fixture.ts'
import { contentOf, makeFiles, RestoreFixture } from './restore-fixture.ts'
import type { PackContents } from '../../src/repository/blob.ts'

/** A snapshot whose data lies in one pack, in the order in which it is named here. */
async function threeFiles() {
  const fixture = await RestoreFixture.create()
  const linked = { links: 2n, inode: 7n }
  await fixture.snapshot({
    'a first': fixture.file(noise(FIXTURE_BLOB_SIZE, 1)),
    'b large': fixture.file(noise(FIXTURE_BLOB_SIZE * 5, 2), linked),
    'c shares a piece': fixture.file(noise(FIXTURE_BLOB_SIZE * 5, 2).subarray(2000, 3000)),
    'd last': fixture.file(noise(FIXTURE_BLOB_SIZE, 3)),
    'e linked': fixture.file(noise(FIXTURE_BLOB_SIZE * 5, 2), linked),
  })
  const index = await fixture.repositories.repository.loadIndex()
  const pack = [...index.index.packs()].find(({ blobs }) => blobs[0]?.type === 'data')
  if (pack === undefined) throw new Error('there is no pack')
  return { fixture, pack }
}

/** The repository with a byte of a pack changed. */
async function withDamage(fixture: RestoreFixture, pack: PackContents, offset: number) {
  const storage = await copyStorage(fixture.repositories.storage)
  const bytes = await storage.load('pack', pack.id)
  bytes[offset] = (bytes[offset] ?? 0) ^ 1
  await storage.save('pack', pack.id, bytes)
  return { storage, repository: await openFixture(storage) }
}

describe('a damaged blob', () => {
  test('costs the files that need it, which are named and not left half done', async () => {
    const { fixture, pack } = await threeFiles()
    const third = pack.blobs[3]
    const { repository } = await withDamage(fixture, pack, (third?.offset ?? 0) + 100)
    const report = await fixture.restore({}, repository)
    expect(Object.keys(report.problemsAt)).toEqual(['b large', 'c shares a piece', 'e linked'])
    expect(report.problemsAt['b large']).toContain(third?.id.slice(0, 8))
    expect(report.problemsAt['e linked']).toContain('hard link')
    expect(Object.keys(contentOf(fixture.target))).toEqual(['a first', 'd last'])
    expect(report).toMatchObject({ filesRestored: 2, filesTotal: 5, problems: 3 })
    expect(readFileSync(join(fixture.target, 'd last')).equals(noise(FIXTURE_BLOB_SIZE, 3))).toBe(true)
  })

  test('anywhere in the pack never gets into a file', async () => {
    const { fixture, pack } = await threeFiles()
    const end = pack.blobs.at(-1)
    const size = (end?.offset ?? 0) + (end?.length ?? 0)
    await fixture.restore()
    const good = contentOf(fixture.target)
    for (let offset = 3; offset < size; offset += 777) {
      const { repository } = await withDamage(fixture, pack, offset)
      const target = join(fixture.scratch, `damaged at ${offset}`)
      const report = await fixture.restore({ target }, repository)
      const wrong = Object.entries(contentOf(target)).filter(([name, content]) => content !== good[name])
      expect({ offset, wrong, isNoticed: report.problems > 0 }).toEqual({ offset, wrong: [], isNoticed: true })
    }
  })

  test('is taken from another pack that has it', async () => {
    const { fixture, pack } = await threeFiles()
    await fixture.repositories.snapshot({ copy: noise(FIXTURE_BLOB_SIZE * 5, 2) }, { again: true })
    const { repository } = await withDamage(fixture, pack, (pack.blobs[3]?.offset ?? 0) + 100)
    expect(await fixture.restore({ verify: true }, repository)).toMatchObject({ filesRestored: 5, problems: 0 })
    expect(readFileSync(join(fixture.target, 'b large')).equals(noise(FIXTURE_BLOB_SIZE * 5, 2))).toBe(true)
  })

  test('in a file that was there is told with what that means, and what is right stays', async () => {
    const { fixture, pack } = await threeFiles()
    makeFiles(fixture.target, {
      'b large': noise(FIXTURE_BLOB_SIZE * 5, 9),
      'd last': noise(FIXTURE_BLOB_SIZE, 3),
    })
    const inode = statSync(join(fixture.target, 'b large')).ino
    const { repository } = await withDamage(fixture, pack, (pack.blobs[3]?.offset ?? 0) + 100)
    const report = await fixture.restore({}, repository)
    expect(report.problemsAt['b large']).toContain('pieces of both')
    expect(statSync(join(fixture.target, 'b large')).ino).toBe(inode)
    expect(report.items).toEqual(['created a first', 'unchanged d last'])
  })

  test('does not matter where the file is right already', async () => {
    const { fixture, pack } = await threeFiles()
    await fixture.restore()
    const { repository } = await withDamage(fixture, pack, (pack.blobs[3]?.offset ?? 0) + 100)
    expect(await fixture.restore({ verify: true }, repository)).toMatchObject({ filesSkipped: 5, problems: 0 })
  })
})

/** What is restored from a repository with damage done to it. */
async function restoreFrom(damage: (storage: MemoryStorage, pack: PackContents) => Promise<void>) {
  const { fixture, pack } = await threeFiles()
  const storage = await copyStorage(fixture.repositories.storage)
  await damage(storage, pack)
  const report = await fixture.restore({}, await openFixture(storage))
  return { fixture, report }
}

describe('a damaged pack', () => {
  test('that is missing costs its files, and nothing else', async () => {
    const { fixture, report } = await restoreFrom(async (storage, pack) => storage.remove('pack', pack.id))
    expect(Object.keys(report.problemsAt)).toHaveLength(5)
    expect(contentOf(fixture.target)).toEqual({})
    expect(report).toMatchObject({ filesRestored: 0, bytesWritten: 0, problems: 5 })
  })

  test('that has lost its end gives what it has', async () => {
    const { fixture, report } = await restoreFrom(async (storage, pack) => {
      const bytes = await storage.load('pack', pack.id)
      await storage.save('pack', pack.id, bytes.slice(0, (pack.blobs[1]?.offset ?? 0) + 5))
    })
    expect(Object.keys(contentOf(fixture.target))).toEqual(['a first'])
    expect(report).toMatchObject({ filesRestored: 1, problems: 4 })
  })

  test('that fails to be read once is read again', async () => {
    const { fixture, pack } = await threeFiles()
    const storage = new FaultyStorage(fixture.repositories.storage, [
      // The first is of the tree.
      { at: 2, operation: 'load', type: 'pack', action: { kind: 'fail' } },
    ])
    const report = await fixture.restore({ verify: true }, await openFixture(storage))
    expect(report).toMatchObject({ filesRestored: 5, problems: 0 })
    expect(storage.performed.filter(({ type, name }) => type === 'pack' && name === pack.id).length).toBeGreaterThan(1)
  })
})

describe('a damaged tree', () => {
  test('costs its folder, and nothing else', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({
      broken: (name) => ({
        ...fixture.folder({})(name),
        subtree: fixture.repositories.blob('tree', Buffer.from('{"nodes":[')),
      }),
      good: fixture.folder({ file: 'x' }),
    })
    const report = await fixture.restore()
    expect(Object.keys(report.problemsAt)).toEqual(['broken'])
    expect(contentOf(fixture.target)).toEqual({ broken: '/', good: '/', 'good/file': 'x' })
  })

  test('at the root is an error', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshotOf(fixture.repositories.blob('tree', Buffer.from('no tree')))
    await expect(fixture.restore()).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
    expect(existsSync(fixture.target)).toBe(false)
  })
})
