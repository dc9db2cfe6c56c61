import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { MemoryStorage } from '../../src/storage/memory.ts'
import type { ByteRange, FileType } from '../../src/storage/storage.ts'
import { noise, openFixture } from '../fixtures/repository-fixture.ts'
import { contentOf, makeFiles, RestoreFixture, type Entry } from '../restore/restore-fixture.ts'

/** Storage that calls somebody before it hands out data: by then, a restore has made its folders and has no file yet. */
class TellingStorage extends MemoryStorage {
  readonly #onData: () => void
  readonly #trees: number

  /** @param trees - reads of packs that come before, of folders */
  constructor(sameAs: MemoryStorage, trees: number, onData: () => void) {
    super(sameAs)
    this.#trees = trees
    this.#onData = onData
  }

  #reads = 0

  override async load(type: FileType, name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    if (type === 'pack' && this.#reads++ === this.#trees) this.#onData()
    return super.load(type, name, range)
  }
}

const FILES: Record<string, string | Entry> = { 'new file': 'evil', present: 'evil again' }

/** A snapshot with small files and a large one in a folder in a folder, and a folder outside that is to stay as it is. */
async function snapshotWithFolders() {
  const fixture = await RestoreFixture.create()
  const large = fixture.file(noise(9000, 1))
  await fixture.snapshot({ outer: fixture.folder({ inner: fixture.folder({ ...FILES, large }) }) })
  const outside = join(fixture.scratch, 'outside')
  makeFiles(outside, { present: 'mine', 'inner/present': 'mine' })
  return { fixture, outside }
}

describe('a folder of the target that becomes a link while files are written', () => {
  test.each(['outer', 'outer/inner'])('leads nothing outside: %s', async (swapped) => {
    const { fixture, outside } = await snapshotWithFolders()
    makeFiles(fixture.target, { 'outer/inner/present': 'before' })
    let swaps = 0
    const storage = new TellingStorage(fixture.repositories.storage, 1, () => {
      renameSync(join(fixture.target, swapped), join(fixture.scratch, 'moved'))
      symlinkSync(outside, join(fixture.target, swapped))
      swaps++
    })
    const report = await fixture.restore({}, await openFixture(storage))
    expect(swaps).toBe(1)
    expect(contentOf(outside)).toEqual({ present: 'mine', inner: '/', 'inner/present': 'mine' })
    expect(report.problems).toBeGreaterThan(0)
    expect(report.filesRestored).toBe(0)
  })

  test('is noticed as such, and other folders are restored', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({ a: fixture.folder(FILES), b: fixture.folder(FILES) })
    const outside = join(fixture.scratch, 'outside')
    mkdirSync(outside)
    const storage = new TellingStorage(fixture.repositories.storage, 1, () => {
      rmSync(join(fixture.target, 'a'), { recursive: true })
      symlinkSync(outside, join(fixture.target, 'a'))
    })
    const report = await fixture.restore({}, await openFixture(storage))
    expect(contentOf(outside)).toEqual({})
    expect(report.problemsAt['a/present']).toBeDefined()
    expect(contentOf(join(fixture.target, 'b'))).toEqual({ 'new file': 'evil', present: 'evil again' })
  })
})

/** Puts a link in a folder's place and the folder back, again and again, until it is told to stop. */
const SWAPPING = `
  const { renameSync, symlinkSync, unlinkSync } = require('node:fs')
  const { workerData, parentPort } = require('node:worker_threads')
  const { folder, outside, stop } = workerData
  let swaps = 0
  while (Atomics.load(stop, 0) === 0) {
    try {
      renameSync(folder, folder + ' moved')
      symlinkSync(outside, folder)
      unlinkSync(folder)
      renameSync(folder + ' moved', folder)
      swaps++
    } catch {}
    try { unlinkSync(folder) } catch {}
    try { renameSync(folder + ' moved', folder) } catch {}
  }
  parentPort.postMessage(swaps)
`

test('a folder that somebody keeps swapping for a link leads nothing outside', async () => {
  const fixture = await RestoreFixture.create()
  const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`file ${i}`, `evil ${i}`]))
  const large = fixture.file(noise(20_000, 1))
  await fixture.snapshot({ folder: fixture.folder({ ...files, large }) })
  const outside = join(fixture.scratch, 'outside')
  mkdirSync(outside)
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const folder = join(fixture.target, 'folder')
  mkdirSync(folder, { recursive: true })
  const worker = new Worker(SWAPPING, { eval: true, execArgv: [], workerData: { folder, outside, stop } })
  const swaps = new Promise<unknown>((resolve) => worker.once('message', resolve))
  for (let round = 0; round < 12; round++) await fixture.restore()
  Atomics.store(stop, 0, 1)
  expect(await swaps).toBeGreaterThan(0)
  await worker.terminate()
  expect(contentOf(outside)).toEqual({})
})
