import { beforeAll, describe, expect, test } from 'vitest'
import { check } from '../../src/maintenance/check.ts'
import { idOf } from '../../src/repository/id.ts'
import { encodeTree } from '../../src/repository/tree-encoding.ts'
import type { MemoryStorage } from '../../src/storage/memory.ts'
import { saveMixedPack } from '../fixtures/mixed-pack.ts'
import { noise, RepositoryFixture, saveIndex } from '../fixtures/repository-fixture.ts'
import { aNode } from '../repository/a-node.ts'
import { CHANGES, changeBytes, CheckedRepository } from './checked-repository.ts'

let checked: CheckedRepository
beforeAll(async () => {
  checked = await CheckedRepository.create()
})

describe('on a sound repository nothing is found', () => {
  test.each([1, 2] as const)('of version %i', async (version) => {
    const sound = await RepositoryFixture.create({ version })
    await sound.snapshot({ a: noise(3000, 1), b: 'text'.repeat(900), empty: '', folder: { none: {} } })
    await sound.snapshot({ a: noise(3000, 1), link: (name) => aNode({ name, type: 'symlink', linkTarget: 'a' }) })
    const result = await check(sound.repository, { readData: true })
    expect(result).toMatchObject({ problems: [], hints: [] })
    expect(result.counts).toMatchObject({
      snapshots: 2,
      indexes: 2,
      packs: 3,
      trees: 4,
      dataBlobs: 5,
      blobs: 9,
      packsRead: 3,
    })
    expect(await sound.storage.list('lock')).toEqual([])
  })

  test('that is empty', async () => {
    const { repository } = await RepositoryFixture.create()
    expect(await check(repository, { readData: true, noLock: true })).toMatchObject({ problems: [], hints: [] })
  })
})

describe('harmless things are hints', () => {
  test('packs that hold folders and content', async () => {
    const mixed = await RepositoryFixture.create()
    const content = Buffer.from('content')
    const file = aNode({ name: 'a', type: 'file', size: 7n, content: [idOf(content)] })
    const tree = encodeTree([file])
    const pack = await saveMixedPack(mixed.repository, [
      { type: 'data', bytes: content },
      { type: 'tree', bytes: tree },
    ])
    await saveIndex(mixed.repository, [pack])
    await mixed.snapshotOf(idOf(tree))
    const result = await check(mixed.repository, { readData: true, noLock: true })
    expect(result).toMatchObject({ problems: [], hints: [{ kind: 'mixed-pack', pack: pack.id }] })
  })

  test('packs in no index', async () => {
    const result = await checked.checkAfter((storage) => storage.save('pack', '4'.repeat(64), Buffer.alloc(10)), {
      readData: true,
    })
    expect(result).toMatchObject({
      problems: [],
      hints: [{ kind: 'unindexed-packs', packs: ['4'.repeat(64)], bytes: 10 }],
    })
  })
})

describe('part of the data is read', () => {
  test('and the rest of the packs is not', async () => {
    const damage = (storage: MemoryStorage): Promise<void> =>
      changeBytes(storage, 'pack', checked.dataPack.id, CHANGES['a bit flipped in its middle'])
    const of = 4
    const ownPart = (Number.parseInt(checked.dataPack.id.slice(0, 2), 16) % of) + 1
    for (const part of [1, 2, 3, 4]) {
      const { problems } = await checked.checkAfter(damage, { readDataSubset: { kind: 'part', part, of } })
      expect(problems.length > 0).toBe(part === ownPart)
    }
    const all = await checked.checkAfter(damage, { readDataSubset: { kind: 'percent', percent: 100 } })
    expect(all.counts.packsRead).toBe(all.counts.packs)
    expect(all.problems).not.toEqual([])
  })

  test('or all of it, not both', async () => {
    const options = { readData: true, readDataSubset: { kind: 'percent', percent: 5 } } as const
    await expect(check(checked.fixture.repository, options)).rejects.toMatchObject({
      code: 'ERR_VARVE_BAD_ARGUMENT',
    })
  })

  test('unless the part makes no sense, which is said before anything is done', async () => {
    const wrong = { readDataSubset: { kind: 'part', part: 3, of: 2 } } as const
    await expect(check(checked.fixture.repository, wrong)).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
  })
})

test('a check stops when it is told to, and leaves no lock', async () => {
  const controller = new AbortController()
  const onProgress = (): void => controller.abort()
  const { signal } = controller
  await expect(check(checked.fixture.repository, { signal, onProgress, readData: true })).rejects.toMatchObject({
    code: 'ERR_VARVE_ABORTED',
  })
  expect(await checked.fixture.storage.list('lock')).toEqual([])
})

test('a check says how far it is', async () => {
  const phases: string[] = []
  await check(checked.fixture.repository, {
    readData: true,
    noLock: true,
    onProgress: ({ phase }) => phases.push(phase),
  })
  expect([...new Set(phases)]).toEqual([
    'reading indexes',
    'checking folders',
    'reading packs',
    'finding affected files',
  ])
})
