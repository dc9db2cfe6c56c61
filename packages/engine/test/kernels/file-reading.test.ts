import { lstatSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { ChunkStream } from '../../src/chunking/chunk-stream.ts'
import { createChunker } from '../../src/chunking/create-chunker.ts'
import { readFileChunks } from '../../src/snapshot/file-reader.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { countWork } from './counted-work.ts'

test('a small file is opened, read, looked at and closed, each once', () => {
  const path = join(scratchFolder(), 'file')
  writeFileSync(path, noise(2000, 1))
  const { size, mtimeNs, ctimeNs, ino } = lstatSync(path, { bigint: true })
  const stream = new ChunkStream(createChunker({ kind: 'fixed', size: 1024 * 1024 }))
  const { did } = countWork(() => {
    for (let time = 0; time < 10; time++) readFileChunks({ path, size, mtimeNs, ctimeNs, ino }, stream, () => undefined)
  })
  const calls = ['fs.openSync', 'fs.readSync', 'fs.fstatSync', 'fs.closeSync', 'fs.lstatSync', 'fs.statSync'] as const
  expect(calls.map((name) => did(name).calls)).toEqual([10, 10, 10, 10, 0, 0])
  // It is read into the chunker's memory, and its chunks lie there.
  expect(did('allocate').bytes + did('copy').bytes).toBe(0)
})
