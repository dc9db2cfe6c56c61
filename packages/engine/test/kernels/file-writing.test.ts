import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { currentPlatform } from '@varve/platform'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { idOf } from '../../src/repository/id.ts'
import { FileWriter } from '../../src/restore/file-writer.ts'
import { MetadataWriter } from '../../src/restore/metadata-writer.ts'
import { PlannedEntries } from '../../src/restore/planned-entries.ts'
import { PlannedPieces } from '../../src/restore/planned-pieces.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { countWork } from './counted-work.ts'

const FILES = 20
const SIZE = 2000

// A stricter one would have modes to be set.
let umask = 0o022
beforeAll(() => {
  umask = process.umask(0o022)
})
afterAll(() => void process.umask(umask))

/** A writer for files of one piece each in a folder that is there. The first has number 1. */
function writerFor(folder: string, mode: number): FileWriter {
  const entries = new PlannedEntries(folder, '/')
  const pieces = new PlannedPieces()
  const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
  const metadata = { ...owner, mode, atime: 1n, mtime: 2n, attributes: [] }
  const common = { parent: 0, size: SIZE, metadata } as const
  entries.add({ ...common, name: '', type: 'dir', action: 'keep', firstPiece: 0, endPiece: 0 })
  const id = idOf(noise(SIZE, 1))
  for (let file = 0; file < FILES; file++) {
    const number = entries.add({
      ...common,
      name: `file ${file}`,
      type: 'file',
      action: 'make',
      firstPiece: file,
      endPiece: file + 1,
    })
    pieces.add(number, 0, { type: 'data', id, pack: id, offset: 0, length: SIZE + 32, uncompressedLength: 0 })
    entries.setPending(number, 1)
  }
  return new FileWriter(entries, pieces, new MetadataWriter(currentPlatform()), true)
}

test.skipIf(!existsSync('/proc/self/fd'))(
  'small files are made, written and closed, each once, whatever their mode',
  () => {
    for (const mode of [0o644, 0o600]) {
      const folder = join(scratchFolder(), 'folder')
      mkdirSync(folder)
      const writer = writerFor(folder, mode)
      const content = noise(SIZE, 1)
      const { did } = countWork(() => {
        for (let piece = 0; piece < FILES; piece++) writer.write(piece, content)
        writer.close()
      })
      expect(writer.done).toHaveLength(FILES)
      // The folder is opened and named once. The first file in it tells what files get there; its mode may have to be set.
      const calls = ['fs.openSync', 'fs.closeSync', 'fs.writeSync', 'fs.fstatSync', 'fs.readlinkSync'] as const
      expect(calls.map((name) => did(name).calls)).toEqual([FILES + 1, FILES + 1, FILES, 1, 1])
      expect(did('fs.fchownSync').calls).toBe(0)
      expect(did('fs.fchmodSync').calls).toBe(1)
      const others = ['fs.ftruncateSync', 'fs.lstatSync', 'fs.statSync'] as const
      expect(others.map((name) => did(name).calls)).toEqual([0, 0, 0])
      // The folder's name, but no content.
      expect(did('copy').bytes).toBeLessThan(SIZE)
    }
  },
)
