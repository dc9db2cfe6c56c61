import { globSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { FailingWorld, isCrash } from './failing-world.ts'
import { straceMissing, type FailingCalls } from './strace.ts'

/** All cases, not only one of each kind: it takes a minute or two. */
const ALL = process.env['VARVE_ALL_FAULTS'] === '1'

type Case = readonly [what: string, failing: FailingCalls, isUsual?: boolean]

function cases(...all: readonly Case[]): readonly (readonly [string, FailingCalls])[] {
  return all.filter(([, , isUsual]) => ALL || isUsual === true).map(([what, failing]) => [what, failing])
}

const IN_FOLDER = cases(
  ['a flush that fails', { calls: 'fsync', error: 'EIO', when: '2' }],
  ['a flush for which there is no space', { calls: 'fsync', error: 'ENOSPC', when: '4' }],
  ['a flush beyond the quota', { calls: 'fsync', error: 'EDQUOT', when: '6' }, true],
  ['all flushes', { calls: 'fsync', error: 'EIO' }],
  ['a name that cannot be given', { calls: 'rename,renameat,renameat2', error: 'EIO', when: '2' }],
  ['names on a disk that is read-only', { calls: 'rename,renameat,renameat2', error: 'EROFS', when: '1+' }],
  ['no space for names', { calls: 'rename,renameat,renameat2', error: 'ENOSPC', when: '3+' }],
)

const IN_DATABASE = cases(
  ['a write for which there is no space', { calls: 'pwrite64', error: 'ENOSPC', when: '20+' }, true],
  ['a write that fails', { calls: 'pwrite64', error: 'EIO', when: '9' }],
  ['a write beyond the quota', { calls: 'pwrite64', error: 'EDQUOT', when: '40' }],
  ['a flush that fails', { calls: 'fsync,fdatasync', error: 'EIO', when: '5' }],
  ['all flushes', { calls: 'fsync,fdatasync', error: 'EIO', when: '2+' }],
)

/** On a busy machine a traced command takes its time. */
vi.setConfig({ testTimeout: 300_000 })

describe.skipIf(straceMissing !== undefined)('a snapshot', () => {
  test.each([
    ...IN_FOLDER.map(([what, failing]) => ['repository', what, failing] as const),
    ...IN_DATABASE.map(([what, failing]) => ['backups.db', what, failing] as const),
  ])('into %s with %s fails clearly, harms nothing, and can be taken afterwards', async (name, _, failing) => {
    const folder = scratchFolder()
    const world = await FailingWorld.create(folder, join(folder, name))
    const run = await world.snapshot(failing)
    expect({ ...run, isCrash: isCrash(run) }).toMatchObject({ code: 1, isCrash: false })
    expect(run.output).toMatch(/no space|quota|read-only|EIO|input\/output/i)
    expect(await world.problems()).toEqual([])
    expect(await world.snapshots()).toBe(0)
    expect(await world.snapshot()).toMatchObject({ code: 0 })
    expect(await world.problems()).toEqual([])
  })

  test.each(
    cases(
      ['whose content cannot be read', { calls: 'read,pread64,readv,preadv', error: 'EIO', paths: ['sub/f2'] }, true],
      ['that cannot be opened', { calls: 'open,openat', error: 'EIO', paths: ['sub/f2'] }],
      ['that cannot be looked at', { calls: 'lstat,newfstatat,statx', error: 'EIO', paths: ['sub/f2'] }],
      ['whose end cannot be read', { calls: 'read,pread64', error: 'EIO', when: '2+', paths: ['large'] }],
    ),
  )('of a file %s says so, and saves the others', async (_, failing) => {
    const world = await FailingWorld.create(scratchFolder())
    const [file = ''] = failing.paths ?? []
    const run = await world.snapshot({ ...failing, paths: [join(world.source, file)] })
    expect({ ...run, isCrash: isCrash(run) }).toMatchObject({ code: 3, isCrash: false })
    expect(run.output).toContain(file)
    expect(await world.problems()).toEqual([])
    expect(await world.snapshots()).toBe(1)
    expect(await world.snapshot()).toMatchObject({ code: 0 })
    expect(await world.problems()).toEqual([])
  })
})

describe.skipIf(straceMissing !== undefined)('a restore', () => {
  test.each(
    cases(
      ['no space for content', { calls: 'pwrite64', error: 'ENOSPC', when: '1+' }],
      ['content beyond the quota', { calls: 'pwrite64', error: 'EDQUOT', when: '2+' }, true],
      ['a write that fails', { calls: 'pwrite64', error: 'EIO', when: '2' }],
      ['no space for a file of its size', { calls: 'ftruncate', error: 'ENOSPC' }],
      ['no space for folders', { calls: 'mkdir,mkdirat', error: 'ENOSPC', when: '3+' }],
      ['a read-only disk', { calls: 'mkdir,mkdirat', error: 'EROFS' }],
      ['times that cannot be set', { calls: 'utimensat', error: 'EIO' }],
    ),
  )('with %s fails clearly, leaves no wrong file, and can be done afterwards', async (_, failing) => {
    const world = await FailingWorld.create(scratchFolder())
    expect(await world.snapshot()).toMatchObject({ code: 0 })
    const run = await world.restore(failing)
    expect({ ...run, isCrash: isCrash(run) }).toMatchObject({ code: 1, isCrash: false })
    expect(run.output).toMatch(/no space|quota|read-only|EIO|i\/o error|input\/output/i)
    expect(world.wrongInTarget()).toEqual([])
    expect(await world.problems()).toEqual([])
    expect(await world.restore()).toMatchObject({ code: 0 })
    expect(world.isRestored).toBe(true)
  })

  test.each(
    cases(
      ['repository', { calls: 'read,pread64', error: 'EIO', when: '1+', paths: [] }],
      ['backups.db', { calls: 'read,pread64', error: 'EIO', when: '30+', paths: [] }],
    ),
  )('from %s that cannot be read fails clearly, and leaves no wrong file', async (name, failing) => {
    const folder = scratchFolder()
    const world = await FailingWorld.create(folder, join(folder, name))
    expect(await world.snapshot()).toMatchObject({ code: 0 })
    const paths = name === 'repository' ? packsOf(world) : [world.repository]
    const run = await world.restore({ ...failing, paths })
    expect({ ...run, isCrash: isCrash(run) }).toMatchObject({ code: 1, isCrash: false })
    expect(world.wrongInTarget()).toEqual([])
    expect(await world.restore()).toMatchObject({ code: 0 })
    expect(world.isRestored).toBe(true)
  })
})

function packsOf(world: FailingWorld): readonly string[] {
  return globSync(join(world.repository, 'data/*/*'))
}
