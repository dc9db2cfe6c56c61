import { createCipheriv } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Id } from '../../src/repository/id.ts'
import type { Node } from '../../src/repository/node.ts'
import { PACK_SIZE } from '../../src/repository/pack-writer.ts'
import { DirectoryStorage } from '../../src/storage/directory.ts'
import { LISTED_FILE_TYPES } from '../../src/storage/storage.ts'
import { openFixture, RepositoryFixture } from '../fixtures/repository-fixture.ts'
import { aNode } from '../repository/a-node.ts'
import { changeBytes, flipBit } from './checked-repository.ts'
import { expectSound, pruneUnlocked } from './pruned-repository.ts'

const MIB = 1024 * 1024
/** So many that the thread that prunes takes part, with two processors at least. */
const PIECES = 160

const folder = mkdtempSync(join(tmpdir(), 'varve-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let fixture: RepositoryFixture
let first: Id
let kept: readonly Id[]

beforeAll(async () => {
  fixture = await RepositoryFixture.create()
  const pieces = Array.from({ length: PIECES }, (_, i) => fixture.blob('data', pieceOf(i)))
  kept = pieces.filter((_, i) => i % 2 === 0)
  first = (await fixture.snapshot({ large: fileOf(pieces) })).id
  await fixture.snapshot({ large: fileOf(kept) })
})

/** A MiB that does not shrink, made faster than the fixtures' noise: there are many. */
function pieceOf(seed: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(MIB))
}

function fileOf(content: readonly Id[]): (name: string) => Node {
  return (name) => aNode({ name, type: 'file', size: BigInt(content.length * MIB), links: 1n, content })
}

/** The repository, in a folder of its own. */
async function inDirectory(name: string): Promise<DirectoryStorage> {
  const directory = await DirectoryStorage.create(join(folder, name))
  for (const type of LISTED_FILE_TYPES) {
    for (const { name } of await fixture.storage.list(type)) {
      await directory.save(type, name, await fixture.storage.load(type, name))
    }
  }
  await directory.save('config', '', await fixture.storage.load('config', ''))
  return directory
}

/** Removes the first snapshot, and with it every second piece of all packs. @returns how many of the others are there still */
async function piecesAfterPrune(storage: DirectoryStorage): Promise<number> {
  const repository = await openFixture(storage)
  const { figures, bytesWritten } = await pruneUnlocked(repository, { remove: [first], maxUnused: { bytes: 0 } })
  expect(figures.bytesRepacked).toBeGreaterThan(8 * PACK_SIZE)
  expect(bytesWritten).toBeGreaterThan((PIECES / 2) * MIB)
  expect(bytesWritten).toBeLessThan((PIECES / 2 + 1) * MIB)
  await expectSound(repository)
  const { index } = await repository.loadIndex()
  return kept.filter((id) => index.has('data', id)).length
}

describe('a prune whose threads read packs by themselves', () => {
  test('moves what is needed and nothing else', async () => {
    expect(await piecesAfterPrune(await inDirectory('sound'))).toBe(kept.length)
  })

  test('asks the storage where they cannot', async () => {
    const storage = await inDirectory('elsewhere')
    Object.defineProperty(storage, 'direct', { value: { kind: 'directory', root: join(folder, 'nowhere') } })
    expect(await piecesAfterPrune(storage)).toBe(kept.length)
  })

  test('moves no damage, and removes no pack then', async () => {
    const storage = await inDirectory('damaged')
    const { index } = await (await openFixture(storage)).loadIndex()
    const place = index.lookup('data', kept[40] ?? first)
    if (place === undefined) throw new Error('the piece should be somewhere')
    await changeBytes(storage, 'pack', place.pack, (bytes) => flipBit(bytes, 8 * (place.offset + 500_000)))
    const before = (await storage.list('pack')).map(({ name }) => name)
    const pruning = pruneUnlocked(await openFixture(storage), { remove: [first], maxUnused: { bytes: 0 } })
    await expect(pruning).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
    const after = new Set((await storage.list('pack')).map(({ name }) => name))
    expect(before.every((name) => after.has(name))).toBe(true)
  })
})
