import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isVarveError } from '@varve/platform/errors'
import { linkTo, RestoreFixture, contentOf } from './restore-fixture.ts'
import { sourceComponents } from '../../src/history/source-location.ts'

/** A snapshot's tree: `/home/ann` with two folders, and one of somebody else. */
async function homes(paths: readonly string[]): Promise<RestoreFixture> {
  const fixture = await RestoreFixture.create()
  const work = fixture.folder({ scene: 'scene', textures: fixture.folder({ wood: 'wood' }) })
  const ann = fixture.folder({ work, notes: 'notes', link: linkTo('work') })
  await fixture.snapshot({ home: fixture.folder({ ann, bob: fixture.folder({ file: 'bob' }) }) }, paths)
  return fixture
}

const WORK = { scene: 'scene', textures: '/', 'textures/wood': 'wood' }

function below(folder: string, content: Readonly<Record<string, string>>): Record<string, string> {
  return {
    [folder]: '/',
    ...Object.fromEntries(Object.entries(content).map(([name, it]) => [`${folder}/${name}`, it])),
  }
}

const ANN = { ...below('work', WORK), notes: 'notes', link: '-> work' }
const BOB = { file: 'bob' }
const HOME = { ...below('ann', ANN), ...below('bob', BOB) }

describe('where things land', () => {
  test.each<[string, readonly string[], Readonly<Record<string, string>>]>([
    ['the content of a single source', ['/home/ann/work'], WORK],
    ['a single source that is a file', ['/home/ann/notes'], { notes: 'notes' }],
    ['a single source that is a link', ['/home/ann/link'], { link: '-> work' }],
    ['several sources below their common parent', ['/home/ann/work', '/home/bob'], HOME],
    ['files beside each other', ['/home/ann/notes', '/home/ann/work'], ANN],
    ['a source within another as if it were not named', ['/home/ann', '/home/ann/work'], ANN],
    ['the same source twice as one', ['/home/ann/work', '/home/ann/work/'], WORK],
    ['everything where the sources have nothing in common', ['/home', '/etc'], below('home', HOME)],
    ['everything where the root is the source', ['/'], below('home', HOME)],
    ['everything where no source is named', [], below('home', HOME)],
    ['everything where the source is not there', ['/elsewhere'], below('home', HOME)],
    ['a relative source', ['/somewhere/home'], HOME],
  ])('content: %s', async (_, paths, expected) => {
    const fixture = await homes(paths)
    expect(await fixture.restore({ layout: 'content' })).toMatchObject({ problems: 0 })
    expect(contentOf(fixture.target)).toEqual(expected)
  })

  test('content: a relative source never leaves out what else the snapshot has', async () => {
    const fixture = await RestoreFixture.create()
    // What `cd /projects/tower && restic backup .` saves: the path is in the snapshot, not in its tree.
    await fixture.snapshot({ tower: fixture.folder({ inner: 'x' }), plan: 'x' }, ['/projects/tower'])
    await fixture.restore({ layout: 'content' })
    expect(contentOf(fixture.target)).toEqual({ tower: '/', 'tower/inner': 'x', plan: 'x' })
  })

  test('content: a source whose name is not valid UTF-8', async () => {
    const fixture = await RestoreFixture.create()
    const folder = fixture.folder({
      'caf\udce9': fixture.folder({ file: 'x' }),
      'caf\udcea': fixture.folder({ file: 'y' }),
    })
    // A snapshot's paths are text, and text has no such bytes.
    await fixture.snapshot({ 'photos \udcff': folder }, ['/photos \uFFFD'])
    await fixture.restore({ layout: 'content', path: 'photos \uFFFD/caf\udce9' })
    expect(contentOf(fixture.target)).toEqual({ file: 'x' })
    await expect(fixture.restore({ path: '/photos \uFFFD/caf\uFFFD' })).rejects.toMatchObject({
      code: 'ERR_VARVE_PATH_NOT_FOUND',
    })
    await fixture.restore({ layout: 'content', delete: true })
    const names = readdirSync(fixture.target, { encoding: 'latin1' })
    expect(names.toSorted()).toEqual(['caf\xe9', 'caf\xea'])
  })

  test('content: a snapshot from Windows', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({ C: fixture.folder({ Users: fixture.folder({ Ann: fixture.folder({ file: 'x' }) }) }) }, [
      String.raw`C:\Users\Ann`,
    ])
    await fixture.restore({ layout: 'content' })
    expect(contentOf(fixture.target)).toEqual({ file: 'x' })
  })

  test('full paths: all folders that lead to the sources', async () => {
    const fixture = await homes(['/home/ann/work'])
    await fixture.restore({ layout: 'full-paths' })
    expect(contentOf(fixture.target)).toEqual(below('home', HOME))
  })

  test.each<[string, Readonly<Record<string, string>>]>([
    ['home/ann/work', WORK],
    ['/home/ann/work/', WORK],
    ['/', below('home', HOME)],
    ['', below('home', HOME)],
    ['home/ann/notes', { notes: 'notes' }],
    ['home/ann/link', { link: '-> work' }],
  ])('a path, with either layout: %s', async (path, expected) => {
    for (const layout of ['content', 'full-paths'] as const) {
      const fixture = await homes(['/home'])
      expect(await fixture.restore({ layout, path })).toMatchObject({ problems: 0 })
      expect(contentOf(fixture.target)).toEqual(expected)
    }
  })

  test.each<[string, readonly string[], string, Readonly<Record<string, string>>]>([
    ['a source given as a relative path', ['/old/disk/home'], '/old/disk/home/ann/work', WORK],
    ['that source itself', ['/old/disk/home'], '/old/disk/home', HOME],
    ['the folder that it lies in', ['/old/disk/home'], '/old/disk/', below('home', HOME)],
    ['several sources below one', ['/old/disk/home/ann', '/old/disk/home/bob'], '/old/disk/home/bob', BOB],
    ['what the folder was called from within', ['/old/disk'], '/old/disk/home/bob/file', { file: 'bob' }],
    ['a snapshot from Windows', [String.raw`C:\old\home`], String.raw`C:\old\home\bob`, BOB],
  ])('the absolute path that something was saved from: %s', async (_, paths, path, expected) => {
    const fixture = await homes(paths)
    expect(await fixture.restore({ path })).toMatchObject({ problems: 0 })
    expect(contentOf(fixture.target)).toEqual(expected)
  })

  test('a path as the snapshot has it comes before the one that it was saved from', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({ a: fixture.folder({ a: fixture.folder({ inner: 'x' }) }), b: 'x' }, ['/a'])
    await fixture.restore({ path: '/a/a' })
    expect(contentOf(fixture.target)).toEqual({ inner: 'x' })
  })

  test.each([
    'home/carol',
    'home/ann/notes/inner',
    'home/ann/link/scene',
    'home/../home',
    'disk/home/ann',
    '/disk/home/ann',
    '/old/disk/home/carol',
    '/old/floppy/home/ann',
  ])('a path that is not there is an error: %s', async (path) => {
    const fixture = await homes(['/old/disk/home'])
    const failure = await fixture.restore({ path }).catch((error: unknown) => error)
    if (!isVarveError(failure, 'ERR_VARVE_PATH_NOT_FOUND')) throw failure
    expect(failure.message).toContain(`'${path}'`)
    expect(failure.hint).toContain("'/home'")
  })
})

describe('selecting', () => {
  test.each([
    ['include by name', { include: ['wood'] }, ['home/ann/work/textures/wood']],
    ['include by path', { include: ['/home/bob'] }, ['home/bob/file']],
    ['include with a pattern', { include: ['/home/*/n*'] }, ['home/ann/notes']],
    ['include whatever the case', { iinclude: ['WOOD'] }, ['home/ann/work/textures/wood']],
    ['include nothing', { include: ['nothing'] }, []],
    ['exclude a folder', { exclude: ['/home/ann'] }, ['home/bob/file']],
    ['exclude by name', { exclude: ['work', 'file'] }, ['home/ann/link', 'home/ann/notes']],
    ['exclude whatever the case', { iexclude: ['ANN'] }, ['home/bob/file']],
  ])('%s', async (_, selection, expected) => {
    const fixture = await homes(['/home'])
    await fixture.restore(selection)
    const files = Object.entries(contentOf(fixture.target)).filter(([, content]) => content !== '/')
    expect(files.map(([name]) => name).toSorted()).toEqual(expected)
  })

  test('an include makes only the folders that lead to something', async () => {
    const fixture = await homes(['/home'])
    await fixture.restore({ include: ['wood'] })
    expect(contentOf(fixture.target)).toEqual({
      home: '/',
      'home/ann': '/',
      'home/ann/work': '/',
      'home/ann/work/textures': '/',
      'home/ann/work/textures/wood': 'wood',
    })
  })

  test('patterns see the path in the snapshot, with a path the one below it', async () => {
    const fixture = await homes(['/home/ann/work'])
    await fixture.restore({ layout: 'content', include: ['/home/ann/work/scene'] })
    expect(contentOf(fixture.target)).toEqual({ scene: 'scene' })
    await fixture.restore({ path: '/home/ann/work', include: ['/textures/wood'] })
    expect(contentOf(fixture.target)).toEqual(WORK)
    await fixture.restore({ path: '/home/ann/notes', exclude: ['/notes'], delete: true })
    expect(contentOf(fixture.target)).toEqual(WORK)
  })
})

describe('the parts of a source', () => {
  test.each([
    ['/home/ann', ['home', 'ann']],
    ['/', []],
    ['relative/path', ['relative', 'path']],
    ['./a//b/', ['a', 'b']],
    [String.raw`C:\Users\Ann`, ['C', 'Users', 'Ann']],
    ['D:/', ['D']],
    ['c:relative', ['c:relative']],
  ])('%s', (path, expected) => {
    expect(sourceComponents(path)).toEqual(expected)
  })
})
