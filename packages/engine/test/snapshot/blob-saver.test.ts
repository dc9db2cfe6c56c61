import { closeSync, lstatSync, openSync, renameSync, utimesSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Id } from '../../src/repository/id.ts'
import { BlobSaver } from '../../src/snapshot/blob-saver.ts'
import type { SavedFile } from '../../src/snapshot/save-jobs.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'

/** Many pieces, so that some are still to come when a test steps in. */
const SIZE = 64 * 1024 * 1024

/** Two versions of a file, of the same size, that have no byte in common. */
const before = Buffer.alloc(SIZE, noise(3_000_001, 1))
const after = before.map((byte) => byte ^ 0xff)

let saver: BlobSaver

beforeEach(async () => {
  saver = new BlobSaver(await (await cheapRepository()).loadIndex(), { workers: 2, dryRun: true })
})

afterEach(() => saver.close())

/** Writes a file whose time of modification differs from any other that a test gives it. */
function writeAt(path: string, content: Uint8Array, seconds: number): void {
  writeFileSync(path, content)
  utimesSync(path, seconds, seconds)
}

/** Writes into the file that is there, as it lies. */
function overwriteAt(path: string, content: Uint8Array, seconds: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, content)
  closeSync(file)
  utimesSync(path, seconds, seconds)
}

/** Saves a file, and calls `meddle` when some of it has been read. */
async function save(path: string, meddle: () => void = () => undefined): Promise<SavedFile> {
  const { size, mtimeNs, ctimeNs, ino } = lstatSync(path, { bigint: true })
  const results: SavedFile[] = []
  const bytes = saver.bytesRead
  saver.saveFile({ path, size, mtimeNs, ctimeNs, ino }, (saved) => results.push(saved))
  while (saver.bytesRead === bytes) await nextTurn()
  meddle()
  await saver.filesDone()
  const [saved] = results
  if (saved === undefined || results.length > 1) throw new Error('not told once what became of the file')
  return saved
}

function contentOf(saved: SavedFile): readonly Id[] {
  if (saved.kind === 'failed') throw new Error(`not saved: ${saved.message}`)
  return saved.content
}

describe('a large file that, while its pieces are read,', () => {
  test.each<[string, (path: string) => void]>([
    [
      'is replaced',
      (path) => {
        writeAt(`${path}.new`, after, 2)
        renameSync(`${path}.new`, path)
      },
    ],
    ['is written anew', (path) => overwriteAt(path, after, 2)],
  ])('%s is saved as one version, and said to be that one', async (_, change) => {
    const path = join(scratchFolder(), 'file')
    writeAt(`${path}.after`, after, 1)
    const changed = contentOf(await save(`${path}.after`))
    let saved: SavedFile
    // Once all of it has been read there is nothing left to meddle with.
    do {
      writeAt(path, before, 1)
      saved = await save(path, () => change(path))
    } while (saved.kind === 'saved' && saved.found === undefined && !saved.changedWhileRead)
    expect(saved).toMatchObject({ kind: 'saved', size: SIZE, changedWhileRead: false })
    expect(contentOf(saved)).toEqual(changed)
    expect(saved).toHaveProperty('found.mtimeNs', lstatSync(path, { bigint: true }).mtimeNs)
  })
})
