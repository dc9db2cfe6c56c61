import { expect, test } from 'vitest'
import { VarveError } from '@varve/platform/errors'
import { check } from '../../src/maintenance/check.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import type { ByteRange, FileType } from '../../src/storage/storage.ts'
import { openFixture } from '../fixtures/repository-fixture.ts'
import { CheckedRepository } from '../maintenance/checked-repository.ts'

/** Storage that gets one pack wrong as often as it is told to. */
class FlakyStorage extends MemoryStorage {
  readonly #pack: string
  readonly #fault: 'bits' | 'failure'
  #left: number

  constructor(sameAs: MemoryStorage, pack: string, fault: 'bits' | 'failure', times: number) {
    super(sameAs)
    this.#pack = pack
    this.#fault = fault
    this.#left = times
  }

  override async load(type: FileType, name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await super.load(type, name, range)
    if (name !== this.#pack || this.#left-- <= 0) return bytes
    if (this.#fault === 'failure') throw new VarveError('ERR_VARVE_STORAGE', 'the cable came off')
    bytes[100] = (bytes[100] ?? 0) ^ 4
    return bytes
  }
}

test.each(['bits', 'failure'] as const)(
  'a pack that is wrong once and then right is not damaged: %s',
  async (fault) => {
    const checked = await CheckedRepository.create()
    const { id } = checked.dataPack
    const repository = await openFixture(new FlakyStorage(checked.fixture.storage, id, fault, 1))
    const { problems } = await check(repository, { readData: true, noLock: true })
    const damage = problems.filter(({ kind }) => kind !== 'damaged-key')
    expect(damage).toMatchObject([{ kind: 'unreliable-reading', pack: id }])
    expect(damage[0]?.message).toContain(fault === 'bits' ? 'hash' : 'the cable came off')
  },
)

test.each(['bits', 'failure'] as const)('a pack that is wrong twice is damaged: %s', async (fault) => {
  const checked = await CheckedRepository.create()
  const { id } = checked.dataPack
  const repository = await openFixture(new FlakyStorage(checked.fixture.storage, id, fault, 2))
  const { problems } = await check(repository, { readData: true, noLock: true })
  const kinds = problems.map(({ kind }) => kind)
  expect(kinds).toContain('damaged-pack')
  expect(kinds).not.toContain('unreliable-reading')
})
