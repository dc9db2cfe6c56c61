import { join } from 'node:path'
import { createRepository, createStorage, type OpenRepository, timestampToNanoseconds } from '@varve/engine'
import { describe, expect, test } from 'vitest'
import * as v from 'valibot'
import { noRestic, Restic, resticMinor } from '../../../engine/test/oracle/restic.ts'
import type { TrackedState } from '../../src/increment/increment.ts'
import { exportSnapshot } from '../../src/repository/export-snapshot.ts'
import { importMirror } from '../../src/repository/import-mirror.ts'
import { NO_RULES } from '../../src/selection/selection-rules.ts'
import { makeHistory, replant } from '../repository/history-scene.ts'
import { Scene, treeOf } from '../run/scene.ts'
import { differences, hasRsync } from './rsync.ts'
import { file, folder, link, survey } from '../../../delta/test/directory-index/trees.ts'

const PASSWORD = 'secret'

const LISTED = v.array(
  v.object({
    id: v.string(),
    short_id: v.string(),
    time: v.string(),
    paths: v.array(v.string()),
    tags: v.optional(v.array(v.string())),
    tree: v.string(),
  }),
)

interface Place {
  readonly repository: OpenRepository
  readonly restic: Restic
}

async function makeRepository(scene: Scene): Promise<Place> {
  const path = join(scene.folder, 'repository')
  const storage = await createStorage(path)
  const repository = await createRepository({ storage, password: PASSWORD, kdf: { N: 1024, r: 8, p: 1 } })
  return { repository, restic: new Restic({ repository: path, password: PASSWORD }) }
}

async function snapshotsOf(restic: Restic): Promise<v.InferOutput<typeof LISTED>> {
  return v.parse(LISTED, (await restic.json('snapshots'))[0])
}

/** What restic of this machine can restore: older ones know no link targets that are not UTF-8. */
function isRestorable(state: TrackedState): boolean {
  return resticMinor >= 16 || state.type !== 'symlink' || state.target.isWellFormed()
}

describe.skipIf(noRestic)('restic', () => {
  test('restores each state of a mirror that was imported, and finds the repository sound', async () => {
    const { scene, states } = await makeHistory()
    const { repository, restic } = await makeRepository(scene)
    const { imported, problems } = await importMirror(repository, scene.destination, { workers: 1 })
    expect(problems).toEqual([])
    expect(await restic.run('check', '--read-data')).toContain('no errors were found')

    const listed = await snapshotsOf(restic)
    expect(listed.map(({ tags, paths }) => [tags, paths])).toEqual(imported.map(() => [['mirror'], [scene.source]]))
    for (const { name, snapshot } of imported) {
      const its = listed.find(({ id }) => id === snapshot.id)
      expect(new Date(its?.time ?? 0)).toEqual(scene.load(name).time)
      const target = join(scene.folder, name)
      await restic.run('restore', snapshot.id, '--target', target)
      const [found, wanted] = [treeOf(join(target, scene.source)), new Map(states.get(name))]
      expect(wanted.size).toBeGreaterThan(3)
      for (const [path, state] of wanted) {
        if (isRestorable(state)) continue
        for (const tree of [found, wanted]) tree.delete(path)
      }
      expect(found).toEqual(wanted)
    }

    expect((await importMirror(repository, scene.destination, { workers: 1 })).imported).toEqual([])
    expect(await snapshotsOf(restic)).toHaveLength(imported.length)
    await repository.close()
  })

  test('restores the mirror as it is, with what no increment keeps', async () => {
    const scene = new Scene()
    scene.rules = { ...NO_RULES, includeDirs: ['.'], trackDirs: ['deep'] }
    await makeHistory(scene)
    const { repository, restic } = await makeRepository(scene)
    const { imported } = await importMirror(repository, scene.destination, { workers: 1 })
    const present = imported.at(-1)
    expect(present?.name).toBe('mirror')
    const target = join(scene.folder, 'restored')
    await restic.run('restore', present?.snapshot.id ?? '', '--target', target)
    expect(survey(join(target, scene.source))).toEqual(survey(scene.mirror))
    await repository.close()
  })

  test('finds the content of what was imported in a backup of the same folder', async () => {
    const { scene } = await makeHistory()
    const { repository, restic } = await makeRepository(scene)
    await importMirror(repository, scene.destination, { workers: 1 })
    const before = await repository.storage.list('pack')
    const [summary] = (await restic.json('backup', scene.source)).slice(-1)
    // Trees have inode numbers and the like in them, of which a mirror knows nothing.
    expect(summary).toMatchObject({ message_type: 'summary', data_blobs: 0 })
    expect((await repository.storage.list('pack')).length).toBeGreaterThan(before.length)
    await repository.close()
  })

  test.skipIf(!hasRsync)('makes a snapshot that becomes a mirror without any difference', async () => {
    const scene = new Scene()
    replant(scene, {
      'new\nline': file('a', { mode: 0o4711 }),
      'not utf-8 \udcff': file('b', { mtime: -5n }),
      empty: folder({}, { mode: 0o700, mtime: 1n }),
      deep: folder({ link: link('../nowhere') }),
    })
    const { repository, restic } = await makeRepository(scene)
    await restic.run('backup', scene.source)
    const [made] = await repository.snapshots()
    if (made === undefined) throw new Error('there is no snapshot')
    expect(timestampToNanoseconds(made.time)).toBeGreaterThan(0n)
    await exportSnapshot(repository, made.id, scene.destination, { workers: 1 })
    expect(differences(scene.source, scene.mirror)).toEqual([])
    expect(await scene.run()).toMatchObject({ bytesCopied: 0, problems: [] })
    expect(differences(scene.source, scene.mirror)).toEqual([])
    await repository.close()
  })
})
