import { collect } from '../fixtures/collect.ts'
import { saveMixedPack } from '../fixtures/mixed-pack.ts'
import { noise, RepositoryFixture, saveIndex } from '../fixtures/repository-fixture.ts'
import { aNode } from '../repository/a-node.ts'
import { readFile } from '../../src/history/read-file.ts'
import { walkTree } from '../../src/history/walk-tree.ts'
import type { PackContents } from '../../src/repository/blob.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import { encodeLock } from '../../src/repository/lock-file.ts'
import type { IndexedRepository, RepositoryConfig } from '../../src/repository/repository.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import { encodeTree } from '../../src/repository/tree-encoding.ts'
import { TreeLoader } from '../../src/repository/tree-loader.ts'
import type { MemoryStorage } from '../../src/storage/memory.ts'
import { LISTED_FILE_TYPES, type FileType } from '../../src/storage/storage.ts'

/** An object of a repository. */
export interface NamedObject {
  readonly type: FileType
  readonly name: string
  readonly bytes: Uint8Array
  /** Where one of its parts ends and another begins. */
  readonly joints: readonly number[]
}

/** A small repository with every kind of object, and what has to come out of it. */
export interface DamagedWorld {
  readonly storage: MemoryStorage
  readonly objects: readonly NamedObject[]
  readonly snapshots: readonly StoredSnapshot[]
  /** By snapshot, the content of each file by its path. */
  readonly truth: ReadonlyMap<Id, ReadonlyMap<string, Buffer>>
  /** Packs that hold folders: whatever of a folder is damaged, is found without reading data. */
  readonly packs: ReadonlyMap<string, PackContents>
}

/** Makes a world: config, two keys, a lock, three snapshots, three indexes, packs of content, of folders and of both. */
export async function makeDamagedWorld(version: RepositoryConfig['version']): Promise<DamagedWorld> {
  const fixture = await RepositoryFixture.create({ version })
  const { repository, storage } = fixture
  const text = 'a varve is a layer of sediment. '.repeat(40)
  const snapshots = [
    await fixture.snapshot({ a: noise(2300, 1), folder: { text, empty: '', deep: { c: noise(700, 2) } } }),
    await fixture.snapshot({ a: noise(2300, 1), folder: { text, empty: '', deep: { c: noise(800, 3), d: 'x' } } }),
  ]
  const content = noise(600, 4)
  const file = aNode({ name: 'mixed', type: 'file', size: 600n, content: [idOf(content)] })
  const mixed = await saveMixedPack(repository, [
    { type: 'data', bytes: content },
    { type: 'tree', bytes: encodeTree([file]) },
  ])
  await saveIndex(repository, [mixed])
  snapshots.push(await fixture.snapshotOf(idOf(encodeTree([file]))))
  await repository.saveUnpacked(
    'lock',
    encodeLock({
      time: Date.now(),
      exclusive: false,
      hostname: 'elsewhere',
      username: 'anna',
      pid: 1,
      uid: 0,
      gid: 0,
      space: undefined,
    }),
  )
  const indexed = await repository.loadIndex()
  const packs = new Map(Array.from(indexed.index.packs(), (pack) => [pack.id, pack]))
  const truth = new Map<Id, ReadonlyMap<string, Buffer>>()
  for (const snapshot of snapshots) truth.set(snapshot.id, await contentsOf(indexed, snapshot))
  return { storage, snapshots, truth, packs, objects: await objectsOf(storage, packs) }
}

/** The content of all files of a snapshot, read without restoring it. Throws where anything of it cannot be read. */
export async function contentsOf(
  repository: IndexedRepository,
  snapshot: StoredSnapshot,
): Promise<ReadonlyMap<string, Buffer>> {
  const contents = new Map<string, Buffer>()
  for await (const { path, tree } of walkTree(new TreeLoader(repository), snapshot.tree)) {
    for (const { name, type } of tree.nodes) {
      if (type !== 'file') continue
      contents.set(`${path}/${name}`, Buffer.concat(await collect(readFile(repository, snapshot, `${path}/${name}`))))
    }
  }
  return contents
}

async function objectsOf(
  storage: MemoryStorage,
  packs: ReadonlyMap<string, PackContents>,
): Promise<readonly NamedObject[]> {
  const objects: NamedObject[] = [{ type: 'config', name: '', bytes: await storage.load('config', ''), joints: [] }]
  for (const type of LISTED_FILE_TYPES) {
    for (const { name } of (await storage.list(type)).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const bytes = await storage.load(type, name)
      objects.push({ type, name, bytes, joints: type === 'pack' ? jointsOf(bytes, packs.get(name)) : [] })
    }
  }
  return objects
}

/** Around each blob its nonce and its tag; then those of the header, and the header's length. */
function jointsOf(bytes: Uint8Array, pack: PackContents | undefined): readonly number[] {
  const ends = (pack?.blobs ?? []).map(({ offset, length }) => offset + length)
  const header = Math.max(0, ...ends)
  const sealed = [[header, bytes.length - 4 - header] as const]
  const parts = [...(pack?.blobs ?? []).map(({ offset, length }) => [offset, length] as const), ...sealed]
  const joints = parts.flatMap(([offset, length]) => [offset, offset + 16, offset + length - 16])
  return [...new Set([...joints, bytes.length - 4, bytes.length])].toSorted((a, b) => a - b)
}
