import { describe, expect, test } from 'vitest'
import { walkTree } from '../../src/history/walk-tree.ts'
import { check } from '../../src/maintenance/check.ts'
import type { PackContents, PackedBlob } from '../../src/repository/blob.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import { TreeLoader } from '../../src/repository/tree-loader.ts'
import { contentOf, RestoreFixture } from '../restore/restore-fixture.ts'
import { noise, saveIndex } from '../fixtures/repository-fixture.ts'

/** Puts an index in place of all there are, in which packs hold other things than they do. */
async function lie(fixture: RestoreFixture, about: (pack: PackContents) => PackContents): Promise<void> {
  const { repository, storage } = fixture.repositories
  const packs = Array.from((await repository.loadIndex()).index.packs(), about)
  for (const { name } of await storage.list('index')) await storage.remove('index', name)
  await saveIndex(repository, packs)
}

function aboutData(change: (blob: PackedBlob, number: number) => PackedBlob): (pack: PackContents) => PackContents {
  return ({ id, blobs }) => ({ id, blobs: blobs.map((blob, i) => (blob.type === 'data' ? change(blob, i) : blob)) })
}

async function threeFiles(): Promise<RestoreFixture> {
  const fixture = await RestoreFixture.create()
  await fixture.snapshot({
    a: fixture.file(noise(900, 1)),
    b: fixture.file(noise(900, 2)),
    c: fixture.file('text '.repeat(100)),
  })
  return fixture
}

describe('an index that lies about data', () => {
  test.each<[string, (blob: PackedBlob, number: number) => PackedBlob]>([
    ['blobs lie over one another', (blob, i) => ({ ...blob, offset: blob.offset - (i === 0 ? 0 : 100) })],
    ['blobs lie beyond the end', (blob) => ({ ...blob, offset: blob.offset + 1_000_000 })],
    ['blobs lie at the end of all numbers', (blob) => ({ ...blob, offset: 0xffff_ffff })],
    ['blobs are as long as any can be', (blob) => ({ ...blob, length: 0xffff_ffff })],
    ['blobs have four gigabytes when they are decompressed', (blob) => ({ ...blob, uncompressedLength: 0xffff_ffff })],
    ['blobs have two gigabytes when they are decompressed', (blob) => ({ ...blob, uncompressedLength: 0x7fff_ffff })],
    ['blobs are one byte shorter', (blob) => ({ ...blob, length: blob.length - 1 })],
    ['blobs decompress to one byte', (blob) => ({ ...blob, uncompressedLength: 1 })],
    ['each blob is another one', (blob, i) => ({ ...blob, id: idOf(Buffer.of(i)) })],
  ])('and says that %s gives nothing wrong', async (_, change) => {
    const fixture = await threeFiles()
    await fixture.restore({ target: `${fixture.scratch}/right` })
    const right = contentOf(`${fixture.scratch}/right`)
    await lie(fixture, aboutData(change))
    const memory = process.memoryUsage.rss()
    const report = await fixture.restore()
    const wrong = Object.entries(contentOf(fixture.target)).filter(([name, content]) => right[name] !== content)
    expect(wrong).toEqual([])
    expect(report.problems).toBeGreaterThan(0)
    const { problems } = await check(fixture.repositories.repository, { noLock: true, readData: true })
    expect(problems.length).toBeGreaterThan(0)
    expect(process.memoryUsage.rss() - memory).toBeLessThan(400 * 2 ** 20)
  })

  test('by naming the same blob a hundred thousand times is understood in little time', async () => {
    const fixture = await threeFiles()
    await lie(fixture, ({ id, blobs }) => ({
      id,
      blobs: Array.from({ length: 100_000 }, () => blobs[0]).flatMap((blob) => blob ?? []),
    }))
    const start = process.cpuUsage()
    const repository = await fixture.repositories.repository.loadIndex()
    expect(repository.index.entryCount).toBeGreaterThan(0)
    const { problems } = await check(fixture.repositories.repository, { noLock: true })
    expect(problems.length).toBeGreaterThan(0)
    const { user } = process.cpuUsage(start)
    expect(user / 1e6).toBeLessThan(20)
  })
})

/** Two folders, and an index which says that the content of the inner one is that of the outer one, under the inner one's name. */
async function cyclic(): Promise<{ readonly fixture: RestoreFixture; readonly inner: Id }> {
  const fixture = await RestoreFixture.create()
  await fixture.snapshot({ folder: fixture.folder({ folder: fixture.folder({}) }) })
  const { index } = await fixture.repositories.repository.loadIndex()
  const trees = [...index.packs()].flatMap(({ blobs }) => blobs.filter(({ type }) => type === 'tree'))
  const [first, last] = [trees[0], trees.at(-1)]
  if (first === undefined || last === undefined) throw new Error('there are trees')
  await lie(fixture, ({ id, blobs }) => ({ id, blobs: blobs.map((blob) => ({ ...last, id: blob.id })) }))
  return { fixture, inner: first.id }
}

describe('folders that lead into themselves', () => {
  test('by an index are refused, for they have not the hashes that they are named by', async () => {
    const { fixture, inner } = await cyclic()
    const { repository } = fixture.repositories
    await expect(new TreeLoader(await repository.loadIndex()).load(inner)).rejects.toMatchObject({
      code: 'ERR_VARVE_DAMAGED',
      message: expect.stringContaining(inner),
    })
    const walked: string[] = []
    const damaged: string[] = []
    const [snapshot] = await repository.snapshots()
    const trees = new TreeLoader(await repository.loadIndex())
    const onDamaged = (path: string): number => damaged.push(path)
    for await (const { path } of walkTree(trees, snapshot?.tree ?? inner, { onDamaged })) walked.push(path)
    expect(walked.length).toBeLessThan(4)
    expect(damaged.length).toBe(1)
    const { problems } = await check(repository, { noLock: true })
    expect(problems.map(({ kind }) => kind)).toContain('damaged-tree')
    const report = await fixture.restore()
    expect(report.problems).toBeGreaterThan(0)
  })
})
