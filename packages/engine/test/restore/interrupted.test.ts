import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Storage } from '../../src/storage/storage.ts'
import { FIXTURE_BLOB_SIZE, noise, openFixture } from '../fixtures/repository-fixture.ts'
import { makeReadOnly, mountScratch, mountsMissing } from '../storage/scratch-mount.ts'
import { contentOf, makeFiles, RestoreFixture, type Entries } from './restore-fixture.ts'

/** Storage that does something when a pack with data is about to be read for the n-th time. */
function noticing(storage: Storage, isData: (name: string) => boolean, at: number, act: () => void): Storage {
  let loads = 0
  return new Proxy(storage, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property)
      if (typeof value !== 'function') return value
      const method = value.bind(target) as (...parameters: unknown[]) => unknown
      return (...parameters: unknown[]) => {
        if (property === 'load' && parameters[0] === 'pack' && isData(String(parameters[1])) && ++loads === at) act()
        return method(...parameters)
      }
    },
  })
}

/** A snapshot of many files of several pieces, whose first pieces lie in one pack, the second in another, and so on. */
async function scattered(files: number, pieces: number) {
  const fixture = await RestoreFixture.create()
  const contents = Array.from({ length: files }, (_, i) => noise(FIXTURE_BLOB_SIZE * pieces, i + 1))
  for (let piece = 0; piece < pieces; piece++) {
    for (const content of contents) {
      fixture.file(content.subarray(piece * FIXTURE_BLOB_SIZE, (piece + 1) * FIXTURE_BLOB_SIZE))('piece')
    }
    await fixture.repositories.flush()
  }
  const entries: Record<string, Entries[string]> = {}
  for (const [i, content] of contents.entries()) entries[`file ${i}`] = fixture.file(content)
  await fixture.snapshot({ ...entries, folder: fixture.folder({ 'small file': 'x' }) })
  const { index } = await fixture.repositories.repository.loadIndex()
  const isData = (name: string): boolean =>
    [...index.packs()].some(({ id, blobs }) => id === name && blobs[0]?.type === 'data')
  return { fixture, contents, isData }
}

/** Files of {@link scattered} that are there and have other content than they should. */
function incompleteFiles(folder: string, contents: readonly Buffer[]): readonly string[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('file')) : []
  return names.filter((name) => contents[Number(name.slice(5))]?.equals(readFileSync(join(folder, name))) !== true)
}

describe('a restore that is stopped', () => {
  test.each([1, 2, 4, 5])('leaves whole files or none behind, when at read %i', async (at) => {
    const { fixture, contents, isData } = await scattered(20, 4)
    const stop = new AbortController()
    const storage = noticing(fixture.repositories.storage, isData, at, () => stop.abort())
    const repository = await openFixture(storage)
    await expect(fixture.restore({ signal: stop.signal }, repository)).rejects.toMatchObject({
      code: 'ERR_VARVE_ABORTED',
    })
    expect(incompleteFiles(fixture.target, contents)).toEqual([])
    expect(await fixture.restore({ verify: true })).toMatchObject({ filesTotal: 21, problems: 0 })
  })

  test('does nothing when it was stopped before it began', async () => {
    const fixture = await RestoreFixture.of({ file: 'x' })
    makeFiles(fixture.target, {})
    await expect(fixture.restore({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
    expect(contentOf(fixture.target)).toEqual({})
  })
})

test('pieces in several packs, for several threads', async () => {
  const { fixture, contents } = await scattered(30, 4)
  expect(await fixture.restore({ workers: 3, verify: true })).toMatchObject({
    filesRestored: 31,
    filesVerified: 31,
    problems: 0,
  })
  expect(incompleteFiles(fixture.target, contents)).toEqual([])
})

describe.skipIf(mountsMissing !== undefined)('a target', () => {
  test('that is full gives one error, and no file that is not whole', async () => {
    const { fixture, contents } = await scattered(200, 10)
    const disk = await mountScratch('1m')
    const failure = await fixture.restore({ target: disk }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'ERR_VARVE_TARGET', hint: expect.stringContaining('room') })
    expect(String(failure)).toContain(disk)
    expect(incompleteFiles(disk, contents)).toEqual([])
  })

  test('that is read-only gives one error', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({ file: 'x', folder: fixture.folder({}) })
    const disk = await mountScratch('1m')
    makeReadOnly(disk)
    await expect(fixture.restore({ target: disk })).rejects.toMatchObject({ code: 'ERR_VARVE_TARGET' })
    await expect(fixture.restore({ target: join(disk, 'new') })).rejects.toMatchObject({ code: 'ERR_VARVE_TARGET' })
  })
})
