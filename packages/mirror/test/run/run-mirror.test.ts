import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { currentPlatform, isVarveError, toFsPath, type Problem } from '@varve/platform'
import { file, folder, link, plant, settle, survey, type Tree } from '../../../delta/test/directory-index/trees.ts'
import { FileSteps } from '../../src/disk/file-steps.ts'
import { NO_RULES } from '../../src/selection/selection-rules.ts'
import { runMirror } from '../../src/run/run-mirror.ts'
import { giveToNobody, runAsNobody } from './run-process.ts'
import { followHistory, Scene, treeOf } from './scene.ts'

/** A source and a mirror of it. */
async function mirrored(tree: Tree, rules: Scene['rules'] = { ...NO_RULES, trackDirs: ['.'] }): Promise<Scene> {
  const scene = new Scene()
  scene.rules = rules
  plant(scene.source, tree)
  await scene.run()
  return scene
}

/** Sees that the mirror is as the source, and that the increments lead there. */
function requireMirrored(scene: Scene): void {
  expect(survey(scene.mirror)).toEqual(survey(scene.source))
  expect([...followHistory(scene).values()].at(-1)).toEqual(treeOf(scene.source))
}

function inode(path: string): number {
  return statSync(path).ino
}

/** A file system without hard links. */
function noLinks(): FileSteps {
  return new FileSteps((step) => {
    if (step === 'link') throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM', errno: -1 })
  })
}

const SOME: Tree = {
  a: file('alpha'),
  b: folder({ c: file('gamma', { mode: 0o4711 }), d: folder({}, { mode: 0o700 }), e: link('../a', { mtime: 77n }) }),
  'f.sh': file('run', { mode: 0o755, mtime: -5n }),
}

describe('a run', () => {
  it('mirrors contents, permissions, times, links and empty folders, and does nothing the next time', async () => {
    const scene = await mirrored(SOME)
    requireMirrored(scene)
    const before = scene.history
    const { changes, increment } = await scene.run()
    expect(changes).toEqual([])
    expect(increment).toBeUndefined()
    expect(scene.history).toEqual(before)
  })

  it('links increments to the mirror, and neither to the source', async () => {
    const scene = await mirrored(SOME)
    expect(inode(scene.at(scene.increments[0], 'track/a'))).toBe(inode(join(scene.mirror, 'a')))
    expect(inode(join(scene.mirror, 'a'))).not.toBe(inode(join(scene.source, 'a')))
  })

  it('leaves what increments hold alone, whatever is done to a file in place', async () => {
    const scene = await mirrored(SOME)
    const before = scene.history
    writeFileSync(join(scene.source, 'a'), 'ALPHA')
    chmodSync(join(scene.source, 'f.sh'), 0o700)
    currentPlatform().setTimes(join(scene.source, 'b/c'), 5n, 5n)
    const { increment, changes } = await scene.run()
    expect(changes.map(({ path, change }) => [path, change])).toEqual([
      ['a', 'changed'],
      ['b/c', 'changed'],
      ['f.sh', 'changed'],
    ])
    expect(scene.history.slice(0, before.length)).toEqual(before)
    expect(scene.load(increment ?? '').previous).toBe(scene.increments[0])
    requireMirrored(scene)
  })

  it('finds a file that changed and kept size and time only where contents are compared', async () => {
    const scene = await mirrored(SOME)
    writeFileSync(join(scene.source, 'a'), 'ALPHA')
    settle(join(scene.source, 'a'), { type: 'file' })
    expect((await scene.run()).changes).toEqual([])
    expect((await scene.run({ checksum: true })).changes.map(({ path }) => path)).toEqual(['a'])
    requireMirrored(scene)
  })

  it('does not rely on the time of a file that was written just before it was read', async () => {
    const scene = await mirrored(SOME)
    writeFileSync(join(scene.source, 'a'), 'first')
    // Whole milliseconds, as where times are coarse, and not yet over however slow this machine is.
    const now = BigInt(Date.now() + 1000) * 1_000_000n
    currentPlatform().setTimes(join(scene.source, 'a'), now, now)
    await scene.run()
    writeFileSync(join(scene.source, 'a'), 'other')
    currentPlatform().setTimes(join(scene.source, 'a'), now, now)
    expect((await scene.run()).changes.map(({ path }) => path)).toContain('a')
    requireMirrored(scene)
  })

  it('makes no increment where nothing tracked changed', async () => {
    const scene = await mirrored(SOME, { ...NO_RULES, includeDirs: ['.'], trackDirs: ['b'] })
    writeFileSync(join(scene.source, 'a'), 'ALPHA')
    rmSync(join(scene.source, 'f.sh'))
    const { increment, changes } = await scene.run()
    expect(increment).toBeUndefined()
    expect(changes.map(({ path, change, tracked }) => [path, change, tracked])).toEqual([
      ['a', 'changed', false],
      ['f.sh', 'removed', false],
    ])
    expect(survey(scene.mirror)).toEqual(survey(scene.source))
    expect(scene.increments.length).toBe(1)
  })

  it('changes nothing when it is dry, and tells what it would do', async () => {
    const scene = new Scene()
    plant(scene.source, SOME)
    const { changes, increment } = await scene.run({ dryRun: true })
    expect(increment).toBeUndefined()
    expect(changes.map(({ path }) => path)).toEqual(['a', 'b', 'b/c', 'b/d', 'b/e', 'f.sh'])
    expect(statSync(scene.destination, { throwIfNoEntry: false })).toBeUndefined()
    await scene.run()
    writeFileSync(join(scene.source, 'a'), 'ALPHA')
    const before = scene.contents
    expect((await scene.run({ dryRun: true })).changes.map(({ path }) => path)).toEqual(['a'])
    expect(scene.contents).toEqual(before)
  })

  it('names runs of one second apart', async () => {
    const scene = await mirrored(SOME)
    const now = new Date(2026, 5, 1, 10, 30, 15)
    for (const content of ['1', '2', '3']) {
      writeFileSync(join(scene.source, 'a'), content)
      await scene.run({ now })
    }
    expect(scene.increments.slice(1)).toEqual([
      'backup_20260601_103015',
      'backup_20260601_103015_2',
      'backup_20260601_103015_3',
    ])
    requireMirrored(scene)
  })

  it('takes files, folders and links that swap places', async () => {
    const scene = await mirrored({
      x: file('file'),
      y: folder({ deep: folder({ in: file('inner') }) }),
      z: link('x'),
      'y!': file('beside'),
    })
    rmSync(join(scene.source), { recursive: true })
    plant(scene.source, { x: folder({ deep: file('1') }), y: link('z'), z: file('file'), 'y!': folder({}) })
    const before = scene.history
    const { increment } = await scene.run()
    requireMirrored(scene)
    expect(scene.history.slice(0, before.length)).toEqual(before)
    expect(readFileSync(scene.at(increment, 'deleted/x'), 'utf8')).toBe('file')
    expect(readFileSync(scene.at(increment, 'deleted/y/deep/in'), 'utf8')).toBe('inner')
  })

  it('tells of what comes under and leaves tracking, and moves no file for it', async () => {
    const scene = await mirrored(SOME, { ...NO_RULES, includeDirs: ['.'], trackFiles: ['a'] })
    const number = inode(join(scene.mirror, 'b/c'))
    scene.rules = { ...NO_RULES, includeDirs: ['.'], trackFiles: ['b/c'] }
    const { increment, changes } = await scene.run()
    expect(changes.map(({ path, change }) => [path, change])).toEqual([
      ['a', 'tracking'],
      ['b', 'tracking'],
      ['b/c', 'tracking'],
    ])
    expect(readFileSync(scene.at(increment, 'deleted/a'), 'utf8')).toBe('alpha')
    expect(statSync(scene.at(increment, 'track/b/c')).ino).toBe(number)
    expect(statSync(join(scene.mirror, 'b/c')).ino).toBe(number)
    followHistory(scene)
  })

  it('has increments that can be moved away or deleted', async () => {
    const scene = await mirrored(SOME)
    writeFileSync(join(scene.source, 'a'), '2')
    await scene.run()
    writeFileSync(join(scene.source, 'a'), '3')
    await scene.run()
    const [first, second, third] = scene.increments
    const before = survey(scene.at(third))
    renameSync(scene.at(first), join(scene.folder, 'elsewhere'))
    rmSync(scene.at(second), { recursive: true })
    expect((await scene.run()).changes).toEqual([])
    writeFileSync(join(scene.source, 'a'), '4')
    await scene.run()
    expect(survey(scene.at(third))).toEqual(before)
    expect(survey(scene.mirror)).toEqual(survey(scene.source))
    expect(readFileSync(join(scene.folder, 'elsewhere/track/a'), 'utf8')).toBe('alpha')
  })

  it('does not confuse a source that looks like a destination with its own files', async () => {
    const scene = await mirrored({
      'mirror.json': file('{}'),
      mirror: folder({ state: file('mine') }),
      '.varve-mirror': folder({ lock: file('mine'), pending: file('mine'), state: file('mine') }),
      backup_20260101_120000: folder({ 'backup_20260101_120000.json': file('mine'), track: folder({}) }),
      'backup_20260101_120000.json': file('mine'),
      track: folder({ x: file('x') }),
      deleted: folder({ x: file('x') }),
    })
    requireMirrored(scene)
    rmSync(join(scene.source, 'backup_20260101_120000.json'))
    await scene.run()
    expect(scene.increments.length).toBe(2)
    requireMirrored(scene)
  })

  it('works in threads as without', async () => {
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, file(`content ${i}`)]))
    const scene = new Scene()
    plant(scene.source, { ...files, large: file(Buffer.alloc(5_000_000, 'large')), more: folder(files) })
    const config = { ...scene.config, maxWorkers: 3 }
    const { runMirror } = await import('../../src/run/run-mirror.ts')
    const { bytesCopied, entries } = await runMirror(config)
    expect(entries).toBe(602)
    expect(bytesCopied).toBeGreaterThan(5_000_000)
    requireMirrored(scene)
    expect((await runMirror(config)).changes).toEqual([])
  })
})

describe('what cannot be read', () => {
  it.skipIf(process.getuid?.() !== 0)('is reported, and kept as it was', async () => {
    const scene = new Scene()
    plant(scene.source, {
      a: file('alpha'),
      shut: folder({ x: file('in'), y: folder({ z: file('deep') }) }),
      locked: folder({ l: file('was') }),
      'read only': folder({ r: file('1'), s: folder({ t: file('2') }, { mode: 0o500 }) }, { mode: 0o555 }),
    })
    giveToNobody(scene.folder)
    expect(runAsNobody(scene).problems).toEqual([])
    requireMirrored(scene)
    writeFileSync(join(scene.source, 'a'), 'new')
    writeFileSync(join(scene.source, 'locked/l'), 'changed, and cannot be read')
    chmodSync(join(scene.source, 'locked/l'), 0)
    rmSync(join(scene.source, 'read only/s/t'))
    writeFileSync(join(scene.source, 'shut/new'), 'unseen')
    chmodSync(join(scene.source, 'shut'), 0)
    const { problems } = runAsNobody(scene)
    expect(problems.map(({ path }) => path).toSorted()).toEqual(['locked/l', 'shut'])
    expect(readFileSync(join(scene.mirror, 'a'), 'utf8')).toBe('new')
    expect(readFileSync(join(scene.mirror, 'locked/l'), 'utf8')).toBe('was')
    expect(readFileSync(join(scene.mirror, 'shut/y/z'), 'utf8')).toBe('deep')
    expect(readdirSync(join(scene.mirror, 'read only/s'))).toEqual([])
    chmodSync(join(scene.source, 'locked/l'), 0o600)
    chmodSync(join(scene.source, 'shut'), 0o755)
    expect(runAsNobody(scene).problems).toEqual([])
    requireMirrored(scene)
  })

  it('is said of a file that changes while it is read, and the next run has it whole', async () => {
    const scene = new Scene()
    plant(scene.source, { log: file(Buffer.alloc(3_000_000, 'line')) })
    const steps = new FileSteps((step) => {
      if (step === 'write') writeFileSync(join(scene.source, 'log'), 'more', { flag: 'a' })
    })
    const { problems } = await scene.run({}, { steps })
    expect(problems).toEqual([{ path: 'log', message: expect.stringContaining('changed while it was read') }])
    expect((await scene.run()).problems).toEqual([])
    requireMirrored(scene)
  })

  it('keeps a file that has become something else while it was to be read', async () => {
    const scene = await mirrored(SOME)
    const problems: Problem[] = []
    writeFileSync(join(scene.source, 'a'), 'changed')
    // What the scan saw is a folder by the time it is read.
    const steps = new FileSteps((step) => {
      if (step !== 'make folder' || statSync(join(scene.source, 'a')).isDirectory()) return
      rmSync(join(scene.source, 'a'))
      mkdirSync(join(scene.source, 'a'))
    })
    await scene.run({ onProblem: (problem) => problems.push(problem) }, { steps })
    expect(problems).toEqual([{ path: 'a', message: expect.stringContaining('no file') }])
    expect(readFileSync(join(scene.mirror, 'a'), 'utf8')).toBe('alpha')
    await scene.run()
    requireMirrored(scene)
  })
})

describe('a source that is not there', () => {
  it('is an error, and the mirror stays', async () => {
    const scene = await mirrored(SOME)
    const before = scene.contents
    rmSync(scene.source, { recursive: true })
    await expect(scene.run()).rejects.toMatchObject({ code: 'ERR_VARVE_SOURCE' })
    mkdirSync(scene.source)
    await expect(scene.run({ allowEmpty: false })).rejects.toMatchObject({ code: 'ERR_VARVE_SOURCE' })
    expect(scene.contents).toEqual(before)
    const { increment } = await scene.run({ allowEmpty: true })
    expect(readFileSync(scene.at(increment, 'deleted/b/c'), 'utf8')).toBe('gamma')
    requireMirrored(scene)
  })

  it('is refused where a folder that is to be mirrored is empty, as one that is not mounted', async () => {
    const scene = await mirrored(SOME, { ...NO_RULES, includeDirs: ['b'], includeFiles: ['a'] })
    rmSync(join(scene.source, 'b'), { recursive: true })
    mkdirSync(join(scene.source, 'b'))
    await expect(scene.run({ allowEmpty: false })).rejects.toThrow(/source\/b' has nothing in it/)
    rmSync(join(scene.source, 'b'), { recursive: true })
    await expect(scene.run({ allowEmpty: false })).rejects.toMatchObject({ code: 'ERR_VARVE_SOURCE' })
    await scene.run({ allowEmpty: true })
    expect(statSync(join(scene.mirror, 'b'), { throwIfNoEntry: false })).toBeUndefined()
  })
})

describe('a destination whose folder is not there', () => {
  it('is refused, and made nowhere', async () => {
    const scene = new Scene()
    plant(scene.source, SOME)
    const drive = join(scene.folder, 'drive')
    const config = { ...scene.config, destination: join(drive, 'backups') }
    await expect(runMirror(config)).rejects.toMatchObject({ code: 'ERR_VARVE_TARGET' })
    expect(statSync(drive, { throwIfNoEntry: false })).toBeUndefined()
    mkdirSync(drive)
    expect((await runMirror(config)).increment).toBeDefined()
  })
})

describe('what others do to a mirror', () => {
  it('is put right, and nothing of theirs is lost', async () => {
    const scene = await mirrored(SOME)
    rmSync(join(scene.mirror, 'f.sh'))
    writeFileSync(join(scene.mirror, 'letter'), 'exists nowhere else')
    rmSync(join(scene.mirror, 'a'))
    writeFileSync(join(scene.mirror, 'a'), 'edited by hand')
    rmSync(join(scene.mirror, 'b'), { recursive: true })
    symlinkSync('/etc', join(scene.mirror, 'b'))
    const before = scene.history
    const { increment } = await scene.run()
    expect(increment).toBeUndefined()
    requireMirrored(scene)
    expect(scene.history).toEqual(before)
    const found = join(scene.destination, '.varve-mirror/found')
    const kept = survey(found).join('\n')
    expect(kept).toContain('/letter"')
    expect(kept).toContain('/a"')
    expect(kept).toContain(' /etc')
    expect(statSync('/etc/passwd').isFile()).toBe(true)
  })

  it('is put right even where what is known of the mirror is lost', async () => {
    const scene = await mirrored(SOME)
    rmSync(join(scene.destination, '.varve-mirror'), { recursive: true })
    rmSync(join(scene.source, 'b/c'))
    settle(join(scene.source, 'b'), { type: 'dir' })
    const { increment } = await scene.run()
    expect(scene.load(increment ?? '').entries.map(({ path }) => path)).toEqual(['b/c'])
    expect(readFileSync(scene.at(increment, 'deleted/b/c'), 'utf8')).toBe('gamma')
    requireMirrored(scene)
  })

  it('finds the last content of what went in an earlier increment, where the mirror has lost it', async () => {
    const scene = await mirrored(SOME)
    rmSync(join(scene.mirror, 'a'))
    rmSync(join(scene.source, 'a'))
    settle(scene.source, { type: 'dir' })
    const { increment, problems } = await scene.run()
    expect(problems).toEqual([])
    expect(readFileSync(scene.at(increment, 'deleted/a'), 'utf8')).toBe('alpha')
  })

  it('is no reason to share files with the source: what another program linked is copied', async () => {
    for (const rules of [
      { ...NO_RULES, trackDirs: ['.'] },
      { ...NO_RULES, includeDirs: ['.'] },
    ]) {
      const scene = new Scene()
      scene.rules = rules
      plant(scene.source, SOME)
      mkdirSync(scene.mirror, { recursive: true })
      linkSync(join(scene.source, 'a'), join(scene.mirror, 'a'))
      currentPlatform().makeSpecial(join(scene.mirror, 'pipe'), 'fifo', 0n)
      await scene.run()
      expect(survey(scene.mirror)).toEqual(survey(scene.source))
      expect(inode(join(scene.mirror, 'a'))).not.toBe(inode(join(scene.source, 'a')))
      followHistory(scene)
    }
  })

  it('is refused where the mirror itself is a link', async () => {
    const scene = await mirrored(SOME)
    renameSync(scene.mirror, join(scene.folder, 'elsewhere'))
    symlinkSync(join(scene.folder, 'elsewhere'), scene.mirror)
    await expect(scene.run()).rejects.toMatchObject({ code: 'ERR_VARVE_TARGET' })
  })
})

describe('names', () => {
  it('may be anything that a file system takes', async () => {
    const names = [
      'new\nline',
      '"double" \'single\'',
      '$(touch oops) `x`',
      'z\udcff\udcfe',
      ' ',
      '-rf',
      '\\',
      'é',
      '\u{1f600}',
      'a\tb',
    ]
    const scene = await mirrored({
      top: folder(Object.fromEntries(names.map((name) => [name, folder({ [name]: file(name.toWellFormed()) })]))),
    })
    requireMirrored(scene)
    for (const name of names) rmSync(toFsPath(`${scene.source}/top/${name}/${name}`))
    const { increment } = await scene.run()
    requireMirrored(scene)
    for (const name of names)
      expect(statSync(toFsPath(scene.at(increment, `deleted/top/${name}/${name}`))).isFile()).toBe(true)
  })

  it('that a destination takes for the same are reported, and nothing is overwritten', async () => {
    const scene = new Scene()
    plant(scene.source, {
      Readme: file('1'),
      readme: file('2'),
      Folder: folder({ a: file('a') }),
      folder: folder({ b: file('b') }),
    })
    const { problems } = await scene.run({}, { steps: new FileSteps(), isFolding: true })
    expect(problems.map(({ path }) => path)).toEqual(['folder', 'readme'])
    expect(survey(scene.mirror).map((line) => line.split(' ')[0])).toEqual(['""', '"Folder"', '"Folder/a"', '"Readme"'])
    expect(readFileSync(join(scene.mirror, 'Readme'), 'utf8')).toBe('1')
  })
})

describe('a destination without hard links', () => {
  it('gets copies, and is told of once', async () => {
    const scene = new Scene()
    plant(scene.source, SOME)
    const notices: string[] = []
    const options = { onNotice: (notice: string) => notices.push(notice) }
    await scene.run(options, { steps: noLinks() })
    expect(notices.length).toBe(1)
    requireMirrored(scene)
    rmSync(join(scene.source, 'a'))
    writeFileSync(join(scene.source, 'b/c'), 'changed')
    await scene.run(options, { steps: noLinks() })
    requireMirrored(scene)
  })
})

describe('hard links of the source', () => {
  it('become files of their own', async () => {
    const scene = new Scene()
    plant(scene.source, { a: file('one') })
    linkSync(join(scene.source, 'a'), join(scene.source, 'b'))
    await scene.run()
    expect(statSync(join(scene.mirror, 'a')).ino).not.toBe(statSync(join(scene.mirror, 'b')).ino)
  })
})

describe('devices, pipes and sockets', () => {
  it('are left out, and told of once', async () => {
    const scene = new Scene()
    plant(scene.source, { a: file('one'), p: { type: 'fifo' }, q: { type: 'fifo' } })
    const notices: string[] = []
    const { problems } = await scene.run({ onNotice: (notice) => notices.push(notice) })
    expect(problems).toEqual([])
    expect(notices).toEqual([expect.stringContaining('2, such as')])
    expect(statSync(join(scene.mirror, 'p'), { throwIfNoEntry: false })).toBeUndefined()
  })
})

describe('two runs at once', () => {
  it('do not get in each other’s way: the second is refused, or waits', async () => {
    const scene = new Scene()
    plant(scene.source, SOME)
    const both = await Promise.allSettled([scene.run(), scene.run()])
    const refused = both.filter((result) => result.status === 'rejected')
    expect(refused.length).toBe(1)
    expect(isVarveError(refused[0]?.reason, 'ERR_VARVE_LOCKED')).toBe(true)
    rmSync(join(scene.source, 'a'))
    const [first, second] = await Promise.all([scene.run({ retryLock: 10_000 }), scene.run({ retryLock: 10_000 })])
    expect([first.increment, second.increment].filter((name) => name !== undefined).length).toBe(1)
    requireMirrored(scene)
  })
})

describe('a run that is given up', () => {
  it('stops, and the next one does it all', async () => {
    const scene = new Scene()
    plant(scene.source, SOME)
    const controller = new AbortController()
    const steps = new FileSteps((step) => {
      if (step === 'write') controller.abort()
    })
    await expect(scene.run({ signal: controller.signal }, { steps })).rejects.toMatchObject({
      code: 'ERR_VARVE_ABORTED',
    })
    expect(scene.increments).toEqual([])
    await scene.run()
    requireMirrored(scene)
  })
})
