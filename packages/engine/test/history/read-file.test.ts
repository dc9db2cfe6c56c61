import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { readFile, type ReadFileOptions } from '../../src/history/read-file.ts'
import type { IndexedRepository } from '../../src/repository/repository.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { collect } from '../fixtures/collect.ts'
import { aNode } from '../repository/a-node.ts'
import { FIXTURE_BLOB_SIZE, noise, openFixture, RepositoryFixture } from '../fixtures/repository-fixture.ts'

const CONTENT = noise(10 * FIXTURE_BLOB_SIZE + 17, 1)

let fixture: RepositoryFixture
let repository: IndexedRepository
let snapshot: StoredSnapshot

beforeAll(async () => {
  fixture = await RepositoryFixture.create()
  snapshot = await fixture.snapshot({
    folder: { file: CONTENT, empty: '', 'not utf-8 \udcff': 'x' },
    link: (name) => aNode({ name, type: 'symlink', linkTarget: 'folder' }),
    lost: (name) => aNode({ name, type: 'file', size: 5n, content: [snapshotlessId()] }),
  })
  repository = await fixture.repository.loadIndex()
})

function snapshotlessId(): StoredSnapshot['id'] {
  return '7'.repeat(64) as StoredSnapshot['id']
}

async function read(path: string, options?: ReadFileOptions): Promise<Buffer> {
  return Buffer.concat(await collect(readFile(repository, snapshot, path, options)))
}

describe('a file is read', () => {
  test('in full', async () => {
    expect((await read('/folder/file')).equals(CONTENT)).toBe(true)
    expect(await read('/folder/empty')).toHaveLength(0)
    expect(String(await read('folder/not utf-8 \udcff'))).toBe('x')
    expect(await read('//folder/./file/')).toHaveLength(CONTENT.length)
  })

  test('in part, whatever the part', async () => {
    const beyond = CONTENT.length + 2000
    const range = fc.record({ offset: fc.nat(beyond), length: fc.nat(beyond) }, { requiredKeys: [] })
    await fc.assert(
      fc.asyncProperty(range, async ({ offset = 0, length = beyond }) => {
        const part = await read('/folder/file', { offset, length })
        expect(part.equals(CONTENT.subarray(offset, offset + length))).toBe(true)
      }),
    )
  })

  test('without fetching what is not asked for', async () => {
    const storage = new FaultyStorage(fixture.storage, [])
    const counted = await (await openFixture(storage)).loadIndex()
    const before = storage.performed.length
    await collect(readFile(counted, snapshot, '/folder/file', { offset: 2500, length: 1000 }))
    const loads = storage.performed.slice(before).filter(({ operation }) => operation === 'load')
    expect(loads.length).toBeLessThanOrEqual(1 + 2)
  })
})

describe('a file is not read', () => {
  test.each([
    '/nothing',
    '/folder/nothing',
    '/folder/file/inner',
    '/folder',
    '',
    '/',
    '/link',
    '/folder/../folder/file',
  ])('where %j is none', async (path) => {
    await expect(read(path)).rejects.toMatchObject({ code: 'ERR_VARVE_PATH_NOT_FOUND' })
  })

  test('whose content is missing', async () => {
    await expect(read('/lost')).rejects.toMatchObject({
      code: 'ERR_VARVE_MISSING_BLOB',
      message: expect.stringContaining('/lost'),
    })
  })

  test.each([{ offset: -1 }, { length: -1 }, { offset: 0.5 }, { length: Number.NaN }])(
    'in the range %j',
    async (range) => {
      await expect(read('/folder/file', range)).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
    },
  )

  test('when that was stopped', async () => {
    const signal = AbortSignal.abort()
    await expect(read('/folder/file', { signal })).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
  })
})

test('what a reader leaves half read harms nobody', async () => {
  for await (const piece of readFile(repository, snapshot, '/folder/file')) {
    expect(piece).toHaveLength(FIXTURE_BLOB_SIZE)
    break
  }
})
