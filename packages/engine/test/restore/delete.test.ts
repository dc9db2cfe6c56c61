import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DirectoryStorage } from '../../src/storage/directory.ts'
import { LISTED_FILE_TYPES, type Storage } from '../../src/storage/storage.ts'
import { openFixture } from '../fixtures/repository-fixture.ts'
import { aNode } from '../repository/a-node.ts'
import { contentOf, folderOf, linkTo, makeFiles, RestoreFixture } from './restore-fixture.ts'

describe('deleting what the snapshot does not have', () => {
  test('happens only when asked for', async () => {
    const fixture = await RestoreFixture.of({ file: 'x' })
    makeFiles(fixture.target, { extra: 'mine' })
    expect(await fixture.restore()).toMatchObject({ filesDeleted: 0 })
    expect(contentOf(fixture.target)).toEqual({ file: 'x', extra: 'mine' })
  })

  test('removes entries of restored folders, with all that is in them', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({
      file: 'x',
      folder: fixture.folder({ kept: 'x' }),
      socket: (name) => aNode({ name, type: 'socket' }),
    })
    makeFiles(fixture.target, {
      file: 'old',
      extra: 'mine',
      'extra folder/a/b': 'mine',
      'folder/extra': 'mine',
      'folder/kept': 'x',
      socket: 'what the snapshot has, but cannot be restored',
    })
    const report = await fixture.restore({ delete: true })
    expect(Object.keys(contentOf(fixture.target)).toSorted()).toEqual(['file', 'folder', 'folder/kept', 'socket'])
    expect(report).toMatchObject({ filesDeleted: 5, problems: 0 })
    expect(report.items.filter((item) => item.startsWith('deleted'))).toEqual([
      'deleted extra',
      'deleted extra folder',
      'deleted extra folder/a',
      'deleted extra folder/a/b',
      'deleted folder/extra',
    ])
  })

  test('tells names apart as the file system does', async () => {
    const fixture = await RestoreFixture.of({ name: 'x' })
    makeFiles(fixture.target, { NAME: 'mine' })
    const isSame = existsSync(join(fixture.target, 'name'))
    const report = await fixture.restore({ delete: true })
    expect(report).toMatchObject({ filesDeleted: isSame ? 0 : 1, problems: 0 })
    expect(Object.values(contentOf(fixture.target))).toEqual(['x'])
  })

  test('removes links, and nothing that they lead to', async () => {
    const fixture = await RestoreFixture.of({ file: 'x' })
    const outside = join(fixture.scratch, 'outside')
    makeFiles(outside, { precious: 'mine' })
    makeFiles(fixture.target, { 'extra/file': 'x' })
    symlinkSync(outside, join(fixture.target, 'link'))
    symlinkSync(outside, join(fixture.target, 'extra/link'))
    expect(await fixture.restore({ delete: true })).toMatchObject({ filesDeleted: 4, problems: 0 })
    expect(contentOf(fixture.target)).toEqual({ file: 'x' })
    expect(contentOf(outside)).toEqual({ precious: 'mine' })
  })

  test.each([
    [{ include: ['/folder'] }, ['extra', 'folder', 'folder/kept', 'other', 'other/extra']],
    [{ include: ['kept'] }, ['extra', 'folder', 'folder/extra', 'folder/kept', 'other', 'other/extra', 'other/kept']],
    [{ include: ['extra'] }, ['folder', 'folder/extra', 'other', 'other/extra']],
    [{ exclude: ['/other'] }, ['folder', 'folder/kept', 'other', 'other/extra']],
    [{ exclude: ['extra'] }, ['extra', 'folder', 'folder/extra', 'folder/kept', 'other', 'other/extra', 'other/kept']],
    [{ iexclude: ['EXTRA'] }, ['extra', 'folder', 'folder/extra', 'folder/kept', 'other', 'other/extra', 'other/kept']],
  ])('removes only what %j selects', async (selection, left) => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({ folder: fixture.folder({ kept: 'x' }), other: fixture.folder({ kept: 'x' }) })
    makeFiles(fixture.target, { extra: 'mine', 'folder/extra': 'mine', 'other/extra': 'mine' })
    await fixture.restore({ delete: true, ...selection })
    expect(Object.keys(contentOf(fixture.target)).toSorted()).toEqual(left)
  })

  test('leaves the target alone but for one entry where that is all that is restored', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({ folder: fixture.folder({ file: 'x', other: 'x' }) })
    makeFiles(fixture.target, { extra: 'mine', other: 'mine' })
    await fixture.restore({ delete: true, path: 'folder/file' })
    expect(contentOf(fixture.target)).toEqual({ file: 'x', extra: 'mine', other: 'mine' })
  })

  test('never follows a link that the snapshot puts where a folder was', async () => {
    const fixture = await RestoreFixture.create()
    const outside = join(fixture.scratch, 'outside')
    makeFiles(outside, { precious: 'mine' })
    await fixture.snapshot({ folder: linkTo(outside) })
    makeFiles(fixture.target, { 'folder/precious': 'mine' })
    expect(await fixture.restore({ delete: true })).toMatchObject({ problems: 0 })
    expect(contentOf(outside)).toEqual({ precious: 'mine' })
  })

  test('leaves a folder alone whose content cannot be read in the snapshot', async () => {
    const fixture = await RestoreFixture.create()
    const broken = folderOf(fixture.repositories.blob('tree', Buffer.from('{')))
    await fixture.snapshot({ broken, 'of nothing': (name) => ({ ...broken(name), subtree: undefined }) })
    makeFiles(fixture.target, { 'broken/file': 'mine', 'of nothing/file': 'mine', extra: 'mine' })
    const report = await fixture.restore({ delete: true })
    expect(report).toMatchObject({ filesDeleted: 1, problems: 2 })
    expect(contentOf(fixture.target)).toMatchObject({ 'broken/file': 'mine', 'of nothing/file': 'mine' })
  })

  test('never removes or overwrites the repository, wherever in the target it lies', async () => {
    const fixture = await RestoreFixture.create()
    const location = join(fixture.target, 'backups/repository')
    mkdirSync(join(location, '..'), { recursive: true })
    const storage = await DirectoryStorage.create(location)
    await fixture.snapshot({ file: 'x' })
    await copyObjects(fixture.repositories.storage, storage)
    makeFiles(fixture.target, { extra: 'mine' })
    const before = contentOf(location)
    const repository = await openFixture(storage)
    expect(await fixture.restore({ delete: true }, repository)).toMatchObject({ filesDeleted: 1, problems: 0 })
    expect(contentOf(location)).toEqual(before)

    await fixture.snapshot({
      backups: fixture.folder({ repository: fixture.folder({ config: 'an old one' }), other: 'x' }),
    })
    await copyObjects(fixture.repositories.storage, storage)
    const inside = await fixture.restore({}, repository)
    expect(inside.problemsAt).toEqual({ 'backups/repository/config': 'it is part of the repository' })

    await fixture.snapshot({ backups: 'a file now' })
    await copyObjects(fixture.repositories.storage, storage)
    const instead = await fixture.restore({ delete: true }, repository)
    expect(instead.problemsAt).toEqual({ backups: expect.stringContaining('repository') })
    for (const target of [location, join(location, 'data'), join(location, 'new')]) {
      await expect(fixture.restore({ target }, repository)).rejects.toMatchObject({ code: 'ERR_VARVE_TARGET' })
    }
    expect(contentOf(location)).toMatchObject(before)
    await repository.close()
  })
})

async function copyObjects(from: Storage, to: Storage): Promise<void> {
  for (const type of LISTED_FILE_TYPES) {
    for (const { name } of await from.list(type)) await to.save(type, name, await from.load(type, name))
  }
  await to.save('config', '', await from.load('config', ''))
}
