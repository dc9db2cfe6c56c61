import { execFile } from 'node:child_process'
import { createCipheriv } from 'node:crypto'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SnapshotSummary } from '../../src/repository/snapshot.ts'
import { DirectoryStorage } from '../../src/storage/directory.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'

const GIB = 1024 * 1024 * 1024
const MIB = 1024 * 1024
const PROCESS = fileURLToPath(new URL('./snapshot-process.ts', import.meta.url))
const TIMEOUT = 600_000

/** Bytes of memory that no file takes to save, however large it is. */
const ENOUGH = 300 * MIB
/** The same for a folder whose tree has 41 MB. */
const ENOUGH_FOR_MANY = 420 * MIB

interface Measured {
  readonly summary: SnapshotSummary
  readonly problems: number
  readonly memory: number
}

let folder = ''
let repository = ''

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'varve-large-'))
  repository = join(folder, 'repository')
  await (await cheapRepository({ storage: await DirectoryStorage.create(repository) })).close()
})

afterEach(() => rmSync(folder, { recursive: true, force: true }), TIMEOUT)

/** Takes a snapshot in a process of its own, and says what memory that took. */
async function measured(source: string): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROCESS, repository, 'secret', source])
  const result = JSON.parse(stdout) as Measured
  process.stderr.write(`${source}: ${Math.round(result.memory / MIB)} MiB\n`)
  return result
}

function writeNoise(path: string, size: number): void {
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16))
  const file = openSync(path, 'wx')
  for (let at = 0; at < size; at += MIB) writeSync(file, noise.update(Buffer.alloc(MIB)))
  closeSync(file)
}

describe.runIf(process.env['VARVE_TEST_LARGE'] === '1')('memory stays bounded', () => {
  test('for a file of a gibibyte that does not compress', { timeout: TIMEOUT }, async () => {
    writeNoise(join(folder, 'noise'), GIB)
    const first = await measured(join(folder, 'noise'))
    expect(first).toMatchObject({ problems: 0, summary: { filesNew: 1, totalBytesProcessed: GIB } })
    expect(first.summary.dataAddedPacked).toBeGreaterThan(GIB)
    expect(first.memory).toBeLessThan(ENOUGH)
  })

  test('for a file of four gibibytes that is a hole', { timeout: TIMEOUT }, async () => {
    writeFileSync(join(folder, 'hole'), '')
    truncateSync(join(folder, 'hole'), 4 * GIB)
    const { summary, memory } = await measured(join(folder, 'hole'))
    expect(summary).toMatchObject({ totalBytesProcessed: 4 * GIB })
    expect(summary.dataBlobs).toBeLessThan(3)
    expect(memory).toBeLessThan(ENOUGH)
  })

  test('for a folder with 100,000 entries', { timeout: TIMEOUT }, async () => {
    mkdirSync(join(folder, 'many'))
    for (let number = 0; number < 100_000; number++) writeFileSync(join(folder, 'many', `file ${number}`), `${number}`)
    const first = await measured(join(folder, 'many'))
    expect(first).toMatchObject({ problems: 0, summary: { filesNew: 100_000, dataBlobs: 100_000 } })
    const second = await measured(join(folder, 'many'))
    expect(second).toMatchObject({ problems: 0, summary: { filesUnmodified: 100_000, dataBlobs: 0 } })
    expect(Math.max(first.memory, second.memory)).toBeLessThan(ENOUGH_FOR_MANY)
  })
})
