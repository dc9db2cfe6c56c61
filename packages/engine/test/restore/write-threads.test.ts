import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { PlannedEntries } from '../../src/restore/planned-entries.ts'
import { PlannedPieces } from '../../src/restore/planned-pieces.ts'
import type { WritingJob } from '../../src/restore/write-jobs.ts'
import { WriteThreads } from '../../src/restore/write-threads.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'

const METADATA = {
  mode: 0o644,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  atime: 0n,
  mtime: 0n,
  attributes: [],
}

let threads: WriteThreads | undefined
afterEach(() => threads?.close())

/** Threads that are being set up for a folder of so many empty files to make. */
function threadsFor(folder: string, files: number, size: number): WriteThreads {
  const entries = new PlannedEntries(folder, '/')
  const common = { parent: 0, size: 0, metadata: METADATA, firstPiece: 0, endPiece: 0 } as const
  entries.add({ ...common, name: '', type: 'dir', action: 'keep' })
  for (let file = 1; file <= files; file++) entries.add({ ...common, name: `${file}`, type: 'file', action: 'make' })
  mkdirSync(folder)
  threads = WriteThreads.start(size)
  void threads.setUp({
    key: { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) },
    source: undefined,
    entries: entries.share(),
    pieces: new PlannedPieces().share(),
    sparse: true,
    stop: new Int32Array(new SharedArrayBuffer(4)),
  })
  return threads
}

function filesJob(first: number, last: number): WritingJob {
  return { kind: 'files', files: Uint32Array.from({ length: last - first + 1 }, (_, i) => first + i) }
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

test('the thread that has them writes when they have enough to do', async () => {
  const folder = join(scratchFolder(), 'target')
  const writing = threadsFor(folder, 4, 2)
  const jobs = [1, 2, 3, 4].map(async (file) => {
    expect(await writing.run(filesJob(file, file))).toMatchObject({ done: [file], failures: [] })
    return file
  })
  // The other thread is still being started.
  expect(await Promise.race(jobs)).toBe(3)
  expect(await Promise.all(jobs)).toEqual([1, 2, 3, 4])
  expect(readdirSync(folder).toSorted()).toEqual(['1', '2', '3', '4'])
})

test('what it writes itself leaves it time for other things', async () => {
  const files = 4000
  const writing = threadsFor(join(scratchFolder(), 'target'), files, 2)
  const others = [writing.run(filesJob(1, 1)), writing.run(filesJob(2, 2))]
  let pauses = 0
  const timer = setInterval(() => pauses++, 1)
  const { done } = await writing.run(filesJob(3, files))
  clearInterval(timer)
  expect(done).toHaveLength(files - 2)
  expect(pauses).toBeGreaterThan(1)
  await Promise.all(others)
})

test.skipIf(!existsSync('/proc/self/fd'))('nothing stays open', async () => {
  const before = openDescriptors()
  const writing = threadsFor(join(scratchFolder(), 'target'), 3, 2)
  await Promise.all([1, 2, 3].map((file) => writing.run(filesJob(file, file))))
  await writing.close()
  expect(openDescriptors()).toBeLessThanOrEqual(before)
})
