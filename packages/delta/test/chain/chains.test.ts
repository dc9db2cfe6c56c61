import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { Chains } from '../../src/chain/chains.ts'
import { FolderStorage } from '../../src/chain/folder-storage.ts'
import { parseInterval } from '../../src/chain/interval.ts'
import { noise } from '../directory-index/trees.ts'
import { makeTree, file, readTree } from '../tar-volume/tree.ts'
import { MemoryStorage } from './memory-storage.ts'

const DAY = 86_400_000
const BEGIN = Date.UTC(2020, 0, 1)

/** A folder, backups of it in memory, and a clock that goes on by a day with each backup. */
function scene() {
  const scratch = scratchFolder()
  const folder = join(scratch, 'work')
  makeTree(folder, { 'a.txt': file(5000), 'sub/b': file(100), 'sub/empty': { type: 'dir', mode: 0o710 } })
  const storage = new MemoryStorage()
  const clock = { now: BEGIN }
  const workFolder = join(scratch, 'temporary')
  mkdirSync(workFolder)
  const chains = new Chains({ storage, key: 'work', now: () => clock.now, workFolder })
  let restores = 0
  return {
    scratch,
    folder,
    storage,
    clock,
    chains,
    workFolder,
    full: async () => {
      clock.now += DAY
      return await chains.fullBackup(folder)
    },
    increment: async () => {
      clock.now += DAY
      return await chains.incrementalBackup(folder)
    },
    restored: async (to?: number) => {
      const target = join(scratch, `restored-${restores++}`)
      await chains.restore(target, to === undefined ? {} : { to })
      return readTree(target)
    },
  }
}

test('a full backup, increments, and a restore to any of their dates', async () => {
  const { folder, storage, full, increment, restored, chains, workFolder, scratch } = scene()
  const states: [number, Record<string, string>][] = []
  const remember = ({ time }: { readonly time: number }) => void states.push([time, readTree(folder)])
  remember(await full())
  writeFileSync(join(folder, 'a.txt'), Buffer.concat([noise(5000, 5001), Buffer.from('more')]))
  symlinkSync('a.txt', join(folder, 'link'))
  remember(await increment())
  renameSync(join(folder, 'sub/b'), join(folder, 'moved'))
  rmSync(join(folder, 'sub'), { recursive: true })
  writeFileSync(join(folder, 'sub'), 'a file now')
  execFileSync('mkfifo', [join(folder, 'pipe')])
  remember(await increment())
  remember(await increment())

  expect([...storage.objects.keys()].toSorted()).toEqual([
    'work.diff.20200103T000000.000Z.json',
    'work.diff.20200103T000000.000Z.tgz',
    'work.diff.20200104T000000.000Z.json',
    'work.diff.20200104T000000.000Z.tgz',
    'work.diff.20200105T000000.000Z.json',
    'work.diff.20200105T000000.000Z.tgz',
    'work.full.20200102T000000.000Z.json',
    'work.full.20200102T000000.000Z.vol1.tgz',
    'work.full.20200102T000000.000Z.volumes.jsonl',
    'work.state.20200102T000000.000Z.index',
    'work.state.20200103T000000.000Z.index',
    'work.state.20200104T000000.000Z.index',
    'work.state.20200105T000000.000Z.index',
  ])
  for (const [time, state] of states) expect(await restored(time + DAY / 2)).toEqual(state)
  expect(await restored()).toEqual(states.at(-1)?.[1])
  await expect(restored(BEGIN)).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })

  const list = await chains.list()
  expect(list).toMatchObject({ problems: [], leftOvers: [] })
  expect(list.backups.map(({ kind }) => kind)).toEqual(['full', 'diff', 'diff', 'diff'])
  expect(list.chains).toHaveLength(1)
  expect(readdirSync(workFolder)).toEqual([])
  expect(readdirSync(scratch).filter((name) => name.includes('tmp'))).toEqual([])
})

test('FIFOs, permissions of the folder itself, and exclusions', async () => {
  const { folder, full, increment, chains, scratch } = scene()
  execFileSync('mkfifo', ['-m', '600', join(folder, 'sub/pipe')])
  execFileSync('chmod', ['550', folder])
  writeFileSync(join(folder, '.exclude'), '*.tmp\n')
  writeFileSync(join(folder, 'x.tmp'), 'unwanted')
  await full()
  const { 'x.tmp': unwanted, ...wanted } = readTree(folder)
  expect(unwanted).toBeDefined()
  await chains.restore(join(scratch, 'out'))
  expect(readTree(join(scratch, 'out'))).toEqual(wanted)
  expect(readTree(scratch)['out']).toBe(readTree(scratch)['work'])
  writeFileSync(join(folder, 'y.tmp'), 'unwanted')
  expect((await increment()).entryCount).toBe(Object.keys(wanted).length)
})

test('a full backup is split into volumes, which any tar reads', async () => {
  const { scratch, folder } = scene()
  makeTree(folder, { large: file(100_000) })
  const storage = new FolderStorage(join(scratch, 'backups'))
  const chains = new Chains({ storage, key: 'work', now: () => BEGIN })
  const { content } = await chains.fullBackup(folder, { volumeSize: 32 << 10 })
  expect(content.length).toBeGreaterThan(4)
  const listed = execFileSync('tar', ['-tf', join(scratch, 'backups', content[0]?.name ?? '')], { encoding: 'utf8' })
  expect(listed.split('\n')).toContain('a.txt')
  await chains.restore(join(scratch, 'out'))
  expect(readTree(join(scratch, 'out'))).toEqual(readTree(folder))
})

test('nothing is restored over what is there', async () => {
  const { scratch, full, chains } = scene()
  await full()
  mkdirSync(join(scratch, 'empty'))
  await chains.restore(join(scratch, 'empty'))
  await expect(chains.restore(join(scratch, 'empty'))).rejects.toMatchObject({ code: 'ERR_VARVE_EXISTS' })
})

test('what is damaged or missing is named, and nothing is restored', async () => {
  const { scratch, folder, storage, full, increment, chains } = scene()
  await full()
  writeFileSync(join(folder, 'a.txt'), 'changed')
  await increment()
  const target = join(scratch, 'out')
  const before = new Map(storage.objects)
  for (const [name, bytes] of before) {
    // Neither an older index nor another manifest is needed for a restore.
    const isNeeded = !name.includes('.state.')
    const harmed = Buffer.from(bytes)
    harmed[bytes.length >> 1] = (harmed[bytes.length >> 1] ?? 0) ^ 1
    storage.objects.set(name, harmed)
    const outcome = await chains.restore(target).then(
      ({ kind }) => kind,
      (error: unknown) => String(error),
    )
    // Where the newest manifest is damaged, an older backup takes its place.
    const isNewestManifest = name === 'work.diff.20200103T000000.000Z.json'
    expect(outcome).toMatch(isNewestManifest ? /^full$/ : isNeeded ? /work\.(?:full|diff)\./ : /^diff$/)
    const told = (await chains.list()).problems.map(({ path }) => path)
    expect(told.includes(name)).toBe(name.endsWith('.json'))
    expect(existsSync(target)).toBe(!isNeeded || outcome === 'full')
    rmSync(target, { recursive: true, force: true })

    storage.objects.delete(name)
    expect((await chains.list()).backups.length).toBeLessThan(2)
    storage.objects.set(name, bytes)
  }
  expect((await chains.list()).backups).toHaveLength(2)
})

test.each([0, 1, 2])('a backup that is cut off after %s changes is none', async (changes) => {
  const { folder, storage, full, increment, chains, restored } = scene()
  await full()
  const first = readTree(folder)
  writeFileSync(join(folder, 'new'), 'file')
  storage.changesLeft = changes
  await expect(increment()).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
  storage.changesLeft = Infinity
  expect((await chains.list()).backups).toHaveLength(1)
  expect(await restored()).toEqual(first)
  await increment()
  expect(await restored()).toEqual(readTree(folder))
})

test.each(['expire', 'merge'] as const)('wherever an %s is cut off, what is listed can be restored', async (work) => {
  let outcome = ''
  for (let changes = 0; outcome !== 'done'; changes++) {
    const { folder, storage, clock, full, increment, chains, restored } = scene()
    const states = new Map<number, Record<string, string>>()
    for (const make of [full, increment, work === 'expire' ? full : increment]) {
      writeFileSync(join(folder, 'a.txt'), String(states.size))
      states.set((await make()).time, readTree(folder))
    }
    clock.now += DAY
    storage.changesLeft = changes
    const job =
      work === 'expire' ? chains.expire({ keep: 1 }) : chains.merge({ to: BEGIN + 2 * DAY, removeMerged: true })
    outcome = await job.then(
      () => 'done',
      () => 'failed',
    )
    storage.changesLeft = Infinity
    const { backups, problems } = await chains.list()
    expect(problems).toEqual([])
    expect(backups.map(({ time }) => time)).toContain(BEGIN + 3 * DAY)
    for (const { time } of backups) expect(await restored(time)).toEqual(states.get(time))
  }
})

test('expiry takes whole chains, never the newest, and nothing in a dry run', async () => {
  const { storage, clock, full, increment, chains } = scene()
  for (const make of [full, increment, full, increment, full, increment]) await make()
  clock.now += DAY
  const times = async () => (await chains.list()).chains.map(({ backups }) => backups.length)
  const before = storage.objects.size
  expect((await chains.expire({ keep: 1 }, { dryRun: true })).remove).toHaveLength(2)
  expect(storage.objects.size).toBe(before)
  // The second chain's newest is three days old.
  expect((await chains.expire({ keep: 1, olderThan: parseInterval('3D') })).remove).toHaveLength(1)
  expect(await times()).toEqual([2, 2])
  await chains.expire({ keep: 5, olderThan: 0 })
  expect(await times()).toEqual([2, 2])
  await chains.expire({ olderThan: 0 })
  expect(await times()).toEqual([2])
  expect([...storage.objects.keys()].every((name) => /2020010[67]T/.test(name))).toBe(true)
  clock.now += 1000 * DAY
  await chains.expire({ olderThan: 0 })
  expect(await times()).toEqual([2])
  for (const rules of [{}, { keep: 0 }, { keep: 1.5 }, { olderThan: -1 }, { olderThan: Number.NaN }]) {
    await expect(chains.expire(rules)).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
  }
})

test('what was never finished expires when nobody can be at it any more', async () => {
  const { storage, clock, full, chains } = scene()
  await full()
  storage.objects.set('work.full.20200103T000000.000Z.vol1.tgz', Buffer.from('half'))
  storage.objects.set('workshop.full.20200103T000000.000Z.vol1.tgz', Buffer.from('of another key'))
  storage.objects.set('work.txt', Buffer.from('of another program'))
  clock.now = Date.UTC(2020, 0, 3, 12)
  expect((await chains.expire({ keep: 1 })).leftOvers).toEqual([])
  clock.now = Date.UTC(2020, 0, 4, 12)
  expect((await chains.expire({ keep: 1 })).leftOvers).toHaveLength(1)
  expect(
    [...storage.objects.keys()].filter((name) => !name.startsWith('work.full') && !name.includes('state')),
  ).toEqual(['workshop.full.20200103T000000.000Z.vol1.tgz', 'work.txt'])
})

test('increments are merged into a full backup, and later ones build on that', async () => {
  const { folder, storage, full, increment, restored, chains } = scene()
  const states = new Map<number, Record<string, string>>()
  for (const make of [full, increment, increment, increment]) {
    writeFileSync(join(folder, 'a.txt'), `version ${states.size}`)
    states.set((await make()).time, readTree(folder))
  }
  const times = [...states.keys()]
  const merged = await chains.merge({ to: times[2] })
  expect(merged).toMatchObject({ kind: 'full', time: times[2] })
  const kinds = async () => (await chains.list()).chains.map(({ backups }) => backups.map(({ kind }) => kind).join(' '))
  expect(await kinds()).toEqual(['full diff', 'full diff'])
  for (const [time, state] of states) expect(await restored(time)).toEqual(state)
  storage.reads.length = 0
  await restored()
  expect(storage.reads.filter((name) => name.includes('20200102') && !name.endsWith('.json'))).toEqual([])
  await increment()
  expect((await chains.merge({ removeMerged: true })).kind).toBe('full')
  expect(await kinds()).toEqual(['full diff', 'full'])
  expect(await restored()).toEqual(readTree(folder))
  expect((await chains.list()).leftOvers).toEqual([])
})

test('a clock that is put back does not disturb the order', async () => {
  const { folder, clock, full, increment, restored } = scene()
  await full()
  clock.now = BEGIN - 100 * DAY
  writeFileSync(join(folder, 'a.txt'), 'newer')
  const { time } = await increment()
  expect(time).toBe(BEGIN + DAY + 1)
  expect(await restored()).toEqual(readTree(folder))
})

test('random histories: every state comes back', async () => {
  const step = fc.record({
    make: fc.constantFrom('full', 'increment', 'increment', 'merge'),
    edits: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c/d', 'c/e', 'c'), fc.nat(30_000), fc.nat(9)), {
      maxLength: 4,
    }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
      const { folder, full, increment, chains, restored } = scene()
      const states = new Map<number, Record<string, string>>()
      states.set((await full()).time, readTree(folder))
      for (const { make, edits } of steps) {
        for (const [path, size, seed] of edits) {
          rmSync(join(folder, path), { recursive: true, force: true })
          const isFile = lstatSync(join(folder, 'c'), { throwIfNoEntry: false })?.isFile() === true
          if (path.startsWith('c/') && (seed > 5 || isFile)) rmSync(join(folder, 'c'), { recursive: true, force: true })
          if (size % 3 > 0) makeTree(folder, { [path]: file(size, seed) })
        }
        if (make === 'merge') await chains.merge()
        else states.set((await (make === 'full' ? full() : increment())).time, readTree(folder))
      }
      for (const [time, state] of states) expect(await restored(time)).toEqual(state)
    }),
    { numRuns: 5 },
  )
})

test('intervals', () => {
  expect(parseInterval('1M3W4h2s')).toBe((30 + 21) * DAY + 4 * 3_600_000 + 2000)
  expect(parseInterval('1Y')).toBe(365 * DAY)
  expect(parseInterval('5m')).toBe(300_000)
  for (const text of ['', '1', 'M', '1d', '1M1M', '1M ', '-1D', '1.5h', 'x1M']) {
    expect(() => parseInterval(text)).toThrow(`'${text}' is not an interval`)
  }
})

test('a key that cannot be one', () => {
  for (const key of ['', '..', 'a/b', '.hidden', 'work.full', 'x'.repeat(300)]) {
    expect(() => new Chains({ storage: new MemoryStorage(), key })).toThrow('cannot be the key')
  }
})
