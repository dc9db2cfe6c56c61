import { check, type CheckOptions } from '../../src/maintenance/check.ts'
import type { CheckResult } from '../../src/maintenance/check-report.ts'
import type { BlobType, PackContents } from '../../src/repository/blob.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import type { MemoryStorage } from '../../src/storage/memory.ts'
import type { FileType, Storage } from '../../src/storage/storage.ts'
import { copyStorage, noise, openFixture, RepositoryFixture, saveIndex } from '../fixtures/repository-fixture.ts'

/** A repository of two snapshots that have most in common, to be damaged and checked. */
export class CheckedRepository {
  readonly fixture: RepositoryFixture
  readonly first: StoredSnapshot
  readonly second: StoredSnapshot
  /** Has the content of the first snapshot: of `/a`, which the second one needs too, and `/folder/deep/c`, which it does not. */
  readonly dataPack: PackContents
  /** Has the folders of the first snapshot. */
  readonly treePack: PackContents

  private constructor(
    fixture: RepositoryFixture,
    snapshots: readonly [StoredSnapshot, StoredSnapshot],
    packs: { readonly data: PackContents; readonly tree: PackContents },
  ) {
    this.fixture = fixture
    ;[this.first, this.second] = snapshots
    this.dataPack = packs.data
    this.treePack = packs.tree
  }

  /** A sound one. It has a second key. */
  static async create(): Promise<CheckedRepository> {
    const fixture = await RepositoryFixture.create()
    const b = 'text'.repeat(800)
    const first = await fixture.snapshot({ a: noise(2500, 1), folder: { b, deep: { c: noise(900, 2) } } })
    const second = await fixture.snapshot({ a: noise(2500, 1), folder: { b, deep: { c: noise(950, 3) } } })
    await fixture.storage.save('key', idOf(Buffer.of(7)), Buffer.of(7))
    const data = await packOf(fixture, 'data', idOf(noise(2500, 1).subarray(0, 1000)))
    return new CheckedRepository(fixture, [first, second], { data, tree: await packOf(fixture, 'tree', first.tree) })
  }

  /** Checks a copy to which something was done. */
  async checkAfter(
    change: (storage: MemoryStorage) => Promise<void>,
    options: CheckOptions = {},
  ): Promise<CheckResult> {
    const storage = await copyStorage(this.fixture.storage)
    const repository = await openFixture(storage)
    await change(storage)
    return check(repository, { noLock: true, ...options })
  }
}

async function packOf(fixture: RepositoryFixture, type: BlobType, id: Id): Promise<PackContents> {
  const { index } = await fixture.repository.loadIndex()
  const pack = index.pack(index.lookup(type, id)?.pack ?? id)
  if (pack === undefined) throw new Error(`there should be a pack with that ${type} blob`)
  return pack
}

/** The kinds of problem that were found. */
export function kindsOf(result: CheckResult): readonly string[] {
  return [...new Set(result.problems.map((problem) => problem.kind))].toSorted()
}

/** Replaces what is stored of an object. */
export async function changeBytes(
  storage: Storage,
  type: FileType,
  name: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  await storage.save(type, name, change(await storage.load(type, name)))
}

/** A copy in which one bit is the other way. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes)
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return flipped
}

/** What can happen to an object. */
export const CHANGES = {
  'a bit flipped at its start': (bytes: Uint8Array) => flipBit(bytes, 3),
  'a bit flipped in its middle': (bytes: Uint8Array) => flipBit(bytes, bytes.length * 4),
  'a bit flipped at its end': (bytes: Uint8Array) => flipBit(bytes, bytes.length * 8 - 1),
  'its last byte cut off': (bytes: Uint8Array) => bytes.subarray(0, -1),
  'half of it cut off': (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2),
  'a byte appended': (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.of(0)]),
  'nothing in it': () => new Uint8Array(0),
  'zeros in it': (bytes: Uint8Array) => new Uint8Array(bytes.length),
} as const

/** Stores other bytes for a pack under their own hash, and an index that says of them what was said of the pack. */
export async function replacePack(
  storage: MemoryStorage,
  pack: PackContents,
  bytes: Uint8Array,
  blobs = pack.blobs,
): Promise<void> {
  const id = idOf(bytes)
  await storage.remove('pack', pack.id)
  await storage.save('pack', id, bytes)
  const repository = await openFixture(storage)
  const packs = Array.from((await repository.loadIndex()).index.packs(), (old) =>
    old.id === pack.id ? { id, blobs } : old,
  )
  for (const { name } of await storage.list('index')) await storage.remove('index', name)
  await saveIndex(repository, packs)
}
