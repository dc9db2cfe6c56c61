import { existsSync, lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FIXTURE_BLOB_SIZE, noise } from '../fixtures/repository-fixture.ts'
import { contentOf, fifo, linkTo, makeFiles, RestoreFixture, type RestoreReport } from './restore-fixture.ts'

async function usedTarget(): Promise<RestoreFixture> {
  const fixture = await RestoreFixture.create()
  const linked = { links: 2n, inode: 7n }
  await fixture.snapshot({
    changed: fixture.file(noise(FIXTURE_BLOB_SIZE * 5, 1)),
    folder: fixture.folder({ inner: fixture.folder({ file: 'x' }), same: 'the same' }),
    'in place of a folder': 'x',
    link: linkTo('new'),
    one: fixture.file('linked', linked),
    pipe: fifo(),
    two: fixture.file('linked', linked),
  })
  const changed = noise(FIXTURE_BLOB_SIZE * 5, 1)
  changed[2500] = 0
  makeFiles(fixture.target, {
    changed,
    'folder/same': 'the same',
    'folder/extra/a/b': 'mine',
    'in place of a folder/precious': 'mine',
    one: 'linked',
  })
  return fixture
}

/** Everything of a target that a restore could change, times of access apart: comparing files reads them. */
function stateOf(target: string) {
  const content = contentOf(target)
  return Object.keys({ '': '', ...content }).map((name) => {
    const { ino, mode, mtimeNs, ctimeNs, size } = lstatSync(join(target, name), { bigint: true })
    return { name, ino, mode, mtimeNs, ctimeNs, size, content: content[name] }
  })
}

test.each([
  {},
  { delete: true },
  { delete: true, overwrite: 'if-newer' },
  { overwrite: 'never' },
  { include: ['folder'] },
] as const)('a dry run touches nothing and says all that a restore does: %j', async (options) => {
  const fixture = await usedTarget()
  const before = stateOf(fixture.target)
  const told = await fixture.restore({ ...options, dryRun: true })
  expect(stateOf(fixture.target)).toEqual(before)
  const done: RestoreReport = await fixture.restore(options)
  expect(told).toEqual(done)
  expect(stateOf(fixture.target)).not.toEqual(before)
})

test('a dry run into a folder that is not there makes none', async () => {
  const fixture = await RestoreFixture.create()
  await fixture.snapshot({ folder: fixture.folder({ file: 'text' }) })
  expect(await fixture.restore({ dryRun: true })).toMatchObject({
    items: ['created folder', 'created folder/file'],
    filesRestored: 1,
    foldersRestored: 1,
    bytesWritten: 4,
  })
  expect(existsSync(fixture.target)).toBe(false)
  mkdirSync(fixture.target)
  expect(await fixture.restore({ dryRun: true })).toMatchObject({ filesRestored: 1 })
  expect(contentOf(fixture.target)).toEqual({})
})
