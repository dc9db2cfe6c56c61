import { describe, expect, test } from 'vitest'
import { TreeLoader } from '../../src/repository/tree-loader.ts'
import { findAffected } from '../../src/maintenance/affected-paths.ts'
import { CheckFindings } from '../../src/maintenance/check-findings.ts'
import { LostContent } from '../../src/maintenance/lost-content.ts'
import type { BlobHandle } from '../../src/repository/blob.ts'
import { idOf } from '../../src/repository/id.ts'
import { aNode } from '../repository/a-node.ts'
import { RepositoryFixture } from '../fixtures/repository-fixture.ts'

const GONE: BlobHandle = { type: 'data', id: idOf(Buffer.of(1)) }
const lostFile = (name: string): ReturnType<typeof aNode> => aNode({ name, type: 'file', content: [GONE.id] })

function findingsOf(...losses: readonly (readonly BlobHandle[])[]): CheckFindings {
  const found = new CheckFindings()
  for (const blobs of losses)
    found.addLoss(blobs, (affected) => ({ kind: 'damaged-pack', pack: GONE.id, message: '', affected }))
  return found
}

describe('files that need something lost', () => {
  test('are searched for as long as there is an end of them', async () => {
    const fixture = await RepositoryFixture.create()
    let tree = fixture.tree([lostFile('lost')])
    for (let i = 0; i < 40; i++)
      tree = fixture.tree(['a', 'b'].map((name) => aNode({ name, type: 'dir', subtree: tree })))
    await fixture.flush()
    const snapshots = [await fixture.snapshotOf(tree)]
    const { index } = await fixture.repository.loadIndex()
    const trees = new TreeLoader({ storage: fixture.storage, key: fixture.repository.key, index })
    const { findings } = findingsOf([GONE])
    const [affected] = await findAffected(trees, snapshots, findings, new LostContent(index), { maxEntries: 5000 })
    expect(affected?.more).toBe(true)
    expect(affected?.total).toBeGreaterThan(0)
    expect(affected?.paths[0]?.path).toBe(`${'/a'.repeat(40)}/lost`)
  })

  test('are found without reading folders that do not lead to them twice', async () => {
    const fixture = await RepositoryFixture.create()
    const sound = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`folder ${i}`, { file: String(i) }]))
    const snapshots = [await fixture.snapshot({ sound, way: { to: { lost: lostFile } } })]
    const { index } = await fixture.repository.loadIndex()
    const trees = new TreeLoader({ storage: fixture.storage, key: fixture.repository.key, index })
    let loads = 0
    const load = trees.load.bind(trees)
    const useEntries = trees.useEntries.bind(trees)
    trees.load = (id) => {
      loads++
      return load(id)
    }
    trees.useEntries = (ids, use, failed) => {
      loads += ids.length
      return useEntries(ids, use, failed)
    }
    const { findings } = findingsOf([GONE])
    const [affected] = await findAffected(trees, snapshots, findings, new LostContent(index))
    expect(affected).toMatchObject({ paths: [{ path: '/way/to/lost' }], total: 1, more: false })
    expect(loads).toBe(54 + 3)
  })

  test('count once for a problem that took several of their blobs, and for each of several problems', async () => {
    const fixture = await RepositoryFixture.create()
    const other: BlobHandle = { type: 'data', id: idOf(Buffer.of(2)) }
    const snapshots = [
      await fixture.snapshot({ a: (name) => aNode({ name, type: 'file', content: [GONE.id, other.id, GONE.id] }) }),
    ]
    const { index } = await fixture.repository.loadIndex()
    const trees = new TreeLoader({ storage: fixture.storage, key: fixture.repository.key, index })
    const { findings } = findingsOf([GONE, other], [other], [])
    const affected = await findAffected(trees, snapshots, findings, new LostContent(index))
    expect(affected.map((of) => of?.total)).toEqual([1, 1, 0])
  })
})
