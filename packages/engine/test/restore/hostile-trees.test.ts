import { lstatSync, mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Problem } from '@varve/platform'
import { idOf, type Id } from '../../src/repository/id.ts'
import { RestoreExecution } from '../../src/restore/restore-execution.ts'
import { planRestore } from '../../src/restore/plan.ts'
import { noise, saveIndex } from '../fixtures/repository-fixture.ts'
import { contentOf, folderOf, linkTo, makeFiles, RestoreFixture, type Entry } from './restore-fixture.ts'

/** Everything that lies beside the target, which no restore may touch. */
function outsideOf(fixture: RestoreFixture): Record<string, string> {
  const all = Object.entries(contentOf(fixture.scratch))
  return Object.fromEntries(all.filter(([name]) => name !== 'target' && !name.startsWith('target/')))
}

/** A tree as no encoder would write it. */
function rawTree(fixture: RestoreFixture, nodes: readonly object[]): Id {
  return fixture.repositories.blob('tree', Buffer.from(`${JSON.stringify({ nodes })}\n`))
}

function rawNode(name: string, fields: object = {}): object {
  const time = '2023-01-01T00:00:00Z'
  return {
    name,
    type: 'file',
    mode: 420,
    mtime: time,
    atime: time,
    ctime: time,
    uid: 0,
    gid: 0,
    content: [],
    ...fields,
  }
}

describe('a hostile snapshot', () => {
  test.each(['..', '.', '', '/', '../evil', '/etc/evil', 'a/b', 'a/../../evil', 'nul\0', String.raw`..\x2fevil`])(
    'cannot lead out of the target by the name %j',
    async (name) => {
      const fixture = await RestoreFixture.create()
      const content = [fixture.repositories.blob('data', Buffer.from('evil'))]
      const bad = folderOf(
        rawTree(fixture, [rawNode('good', { content, size: 4 }), rawNode(name, { content, size: 4 })]),
      )
      await fixture.snapshot({ bad, good: 'x' })
      makeFiles(fixture.target, { 'bad/precious': 'mine' })
      makeFiles(join(fixture.scratch, 'outside'), { precious: 'mine' })
      const before = outsideOf(fixture)
      const report = await fixture.restore({ delete: true })
      expect(outsideOf(fixture)).toEqual(before)
      expect(report.problems).toBe(1)
      expect(contentOf(fixture.target)).toEqual({ bad: '/', 'bad/precious': 'mine', good: 'x' })
    },
  )

  test('cannot lead out of the target by a name that a folder has twice', async () => {
    const fixture = await RestoreFixture.create()
    const outside = join(fixture.scratch, 'outside')
    makeFiles(outside, { precious: 'mine' })
    const inner = fixture.repositories.folder({ evil: fixture.file('evil') })
    const time = '2023-01-01T00:00:00Z'
    const common = { mtime: time, atime: time, ctime: time }
    const tree = rawTree(fixture, [
      rawNode('way', { type: 'symlink', linktarget: outside, content: null, ...common }),
      rawNode('way', { type: 'dir', subtree: inner, content: null, mode: 0o755, ...common }),
    ])
    await fixture.snapshotOf(tree)
    for (const options of [{}, { delete: true }, {}]) {
      const report = await fixture.restore(options)
      expect(report.problems).toBe(1)
      expect(contentOf(outside)).toEqual({ precious: 'mine' })
    }
  })

  test('cannot make things be deleted by names that cannot be trusted', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshotOf(rawTree(fixture, [rawNode('twice'), rawNode('twice')]))
    makeFiles(fixture.target, { precious: 'mine' })
    expect(await fixture.restore({ delete: true })).toMatchObject({ filesDeleted: 0, problems: 1 })
    expect(contentOf(fixture.target)).toEqual({ twice: '', precious: 'mine' })
  })

  test('restores what is out of order, for other clients may not mind', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshotOf(rawTree(fixture, [rawNode('b'), rawNode('a'), rawNode('c'), rawNode('a')]))
    expect(await fixture.restore()).toMatchObject({ filesRestored: 3, problems: 1 })
  })

  test('cannot have more content than it has, or less', async () => {
    const fixture = await RestoreFixture.create()
    const content = [fixture.repositories.blob('data', Buffer.from('text'))]
    const text = JSON.stringify({
      nodes: [
        rawNode('huge', { content, size: 1 }),
        rawNode('none', { content: null, size: 5 }),
        rawNode('small', { content, size: 1 }),
      ],
    }).replace('"size":1', '"size":18446744073709551615')
    await fixture.snapshotOf(fixture.repositories.blob('tree', Buffer.from(text)))
    const second = await fixture.restore()
    expect(second.problems).toBe(3)
    expect(contentOf(fixture.target)).toEqual({ huge: 'text', none: '', small: 'text' })
    expect(second.problemsAt['huge']).toContain('18446744073709551615')
  })

  test('names a file whose content is in no index, and restores the rest', async () => {
    const fixture = await RestoreFixture.create()
    const missing = 'ab'.repeat(32) as Id
    await fixture.snapshot({ lost: fixture.file('x', { content: [missing], size: 9n }), good: 'x' })
    makeFiles(fixture.target, { lost: 'what is there is better than nothing' })
    const report = await fixture.restore()
    expect(report.problemsAt).toEqual({ lost: expect.stringContaining(missing) })
    expect(contentOf(fixture.target)).toEqual({ lost: 'what is there is better than nothing', good: 'x' })
  })

  test('cannot pass off one blob as another that it says is at the same place', async () => {
    const fixture = await RestoreFixture.create()
    const wrong = idOf(Buffer.from('what the file should have'))
    await fixture.snapshot({
      'a right': fixture.file('what is there'),
      'b wrong': fixture.file('', { content: [wrong], size: 13n }),
      'c right': fixture.file('what is there'),
    })
    const { repository } = fixture.repositories
    const { index } = await repository.loadIndex()
    for (const { id, blobs } of index.packs()) {
      await saveIndex(repository, [
        { id, blobs: blobs.map((blob) => (blob.type === 'data' ? { ...blob, id: wrong } : blob)) },
      ])
    }
    const report = await fixture.restore()
    expect(Object.keys(report.problemsAt)).toEqual(['b wrong'])
    expect(contentOf(fixture.target)).toEqual({ 'a right': 'what is there', 'c right': 'what is there' })
  })

  test('may nest folders only so deep', async () => {
    const fixture = await RestoreFixture.create()
    let tree = fixture.repositories.folder({ bottom: 'x' })
    for (let i = 0; i < 4200; i++) tree = fixture.repositories.tree([folderOf(tree)('d')])
    await fixture.snapshotOf(tree)
    const report = await fixture.restore({ dryRun: true })
    expect(Object.values(report.problemsAt)).toEqual(['its folders are nested too deeply'])
    expect(report).toMatchObject({ foldersRestored: 4096, filesTotal: 0 })
  })

  test('has its links restored as they are, and never followed', async () => {
    const fixture = await RestoreFixture.create()
    const outside = join(fixture.scratch, 'outside')
    makeFiles(outside, { precious: 'mine' })
    await fixture.snapshot({ link: linkTo(outside), inside: linkTo('link/precious') })
    await fixture.restore()
    const again = await fixture.restore({ delete: true, verify: true })
    expect(again).toMatchObject({ filesSkipped: 2, problems: 0 })
    expect(outsideOf(fixture)).toEqual({ outside: '/', 'outside/precious': 'mine' })
  })
})

/** A snapshot with entries of every kind in a folder in a folder. */
async function deep(fixture: RestoreFixture): Promise<void> {
  const linked = { links: 2n, inode: 7n }
  const entries: Record<string, Entry> = {
    a: fixture.file('linked', linked),
    file: fixture.file('content'),
    folder: fixture.folder({ file: 'inner' }),
    large: fixture.file(noise(5000, 1)),
    link: linkTo('content'),
    z: fixture.file('linked', linked),
  }
  await fixture.snapshot({ outer: fixture.folder({ inner: fixture.folder(entries) }) })
}

describe('links that lie in the target', () => {
  const LEAVES = ['a', 'file', 'folder', 'large', 'link', 'z'].map((name) => `outer/inner/${name}`)

  test.each([[['outer']], [['outer/inner']], [LEAVES]])('are replaced, not followed: %j', async (places) => {
    const fixture = await RestoreFixture.create()
    await deep(fixture)
    const outside = join(fixture.scratch, 'outside')
    for (const [leadsTo, destination] of [
      ['a folder', outside],
      ['a file', join(outside, 'precious')],
      ['nothing', join(outside, 'new')],
    ] as const) {
      for (const options of [{}, { delete: true }, { overwrite: 'if-changed' }] as const) {
        makeFiles(outside, { precious: 'mine', 'inner/file': 'mine', file: 'mine' })
        const target = join(fixture.scratch, `target/${leadsTo} ${JSON.stringify(options)}`)
        for (const place of places) {
          mkdirSync(join(target, place, '..'), { recursive: true })
          symlinkSync(destination, join(target, place))
        }
        const before = outsideOf(fixture)
        expect(await fixture.restore({ target, ...options })).toMatchObject({ target, problems: 0 })
        expect({ target, ...outsideOf(fixture) }).toEqual({ target, ...before })
        const links = places.filter((place) => lstatSync(join(target, place)).isSymbolicLink())
        expect({ target, links }).toEqual({ target, links: places.filter((place) => place.endsWith('link')) })
        expect(readFileSync(join(target, 'outer/inner/file'), 'utf8')).toBe('content')
      }
    }
  })

  test('are not followed either when they are put there after the plan was made', async () => {
    const fixture = await RestoreFixture.create()
    await deep(fixture)
    const outside = join(fixture.scratch, 'outside')
    makeFiles(outside, { precious: 'mine', extra: 'mine', file: 'mine', large: 'mine', a: 'mine' })
    await fixture.restore()
    makeFiles(fixture.target, { 'outer/inner/extra': 'mine', 'outer/inner/file': 'changed' })
    const repository = await fixture.repositories.repository.loadIndex()
    const problems: Problem[] = []
    const options = fixture.options({ delete: true, onProblem: (problem) => problems.push(problem) })
    const plan = await planRestore(repository, options)
    renameSync(join(fixture.target, 'outer/inner'), join(fixture.target, 'outer/moved'))
    symlinkSync(outside, join(fixture.target, 'outer/inner'))
    const before = outsideOf(fixture)
    await new RestoreExecution(repository, options).finish(plan)
    expect(outsideOf(fixture)).toEqual(before)
    expect(problems.map(({ path }) => path.slice(fixture.target.length + 1)).toSorted()).toEqual([
      'outer/inner/a',
      'outer/inner/file',
      'outer/inner/folder/file',
      'outer/inner/large',
      'outer/inner/link',
      'outer/inner/z',
    ])
  })
})
