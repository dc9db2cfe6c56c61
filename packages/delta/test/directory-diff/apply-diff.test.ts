import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { applyDiff, DiffData, DiffIndex, DirIndex, recoverApply, type DirIndexOptions } from '@varve/delta'
import { applyInSteps } from '../../src/directory-diff/apply/apply-diff.ts'
import { FileSteps } from '../../src/directory-diff/apply/file-steps.ts'
import { requireSpace } from '../../src/directory-diff/apply/verification.ts'
import { memoryFolder } from '../directory-index/memory-folder.ts'
import { file, folder, link, noise, plant, survey, type Tree } from '../directory-index/trees.ts'

interface Scene {
  readonly scratch: string
  readonly base: string
  readonly target: string
  readonly archive: string
}

/** An archive that makes `after` of `before`, and the folders themselves. */
async function scene(before: Tree | undefined, after: Tree, options: DirIndexOptions = {}): Promise<Scene> {
  const scratch = memoryFolder()
  const [base, target, archive] = [join(scratch, 'base'), join(scratch, 'target'), join(scratch, 'diff.tgz')]
  if (before !== undefined) plant(base, before)
  plant(target, after)
  await using older = before === undefined ? DirIndex.empty() : await DirIndex.fromFolder(base, options)
  await using newer = await DirIndex.fromFolder(target, options)
  await using diff = await DiffIndex.between(older, newer)
  await new DiffData(diff, older, target).createArchive(archive)
  return { scratch, base, target, archive }
}

const program = (work: string): string =>
  `import { applyInSteps } from '${new URL('../../src/directory-diff/apply/apply-diff.ts', import.meta.url).href}';
   import { FileSteps } from '${new URL('../../src/directory-diff/apply/file-steps.ts', import.meta.url).href}';
   const [base, archive, uid] = process.argv.slice(1);
   ${work}`

const node = (source: string, ...rest: readonly string[]): readonly string[] => [
  '--conditions=varve-source',
  '--input-type=module',
  '-e',
  source,
  ...rest,
]

/** What lies in work folders because it is to go. */
function putAway(scratch: string): readonly string[] {
  return survey(scratch).filter((line) => line.includes('/old'))
}

/** Some start processes, which takes a while on a busy machine. */
const TIMEOUT = { timeout: 300_000 }

describe('applyDiff', TIMEOUT, () => {
  it('only looks, with dryRun', async () => {
    const { scratch, base, archive } = await scene({ a: file('a') }, { a: file('b'), c: file('c') })
    const [before, names] = [survey(base), readdirSync(scratch)]
    const result = await applyDiff(base, archive, { dryRun: true })
    expect(result).toMatchObject({ counts: { created: 1, updated: 1 }, bytesWritten: 2, recovery: 'nothing' })
    expect(survey(base)).toEqual(before)
    expect(readdirSync(scratch)).toEqual(names)
  })

  it('makes a directory from nothing, and one that is missing', async () => {
    const tree = { a: folder({ b: file('b') }, { mode: 0o700 }), l: link('a') }
    const { base, target, archive, scratch } = await scene(undefined, tree)
    await applyDiff(base, archive)
    expect(survey(base)).toEqual(survey(target))
    await expect(applyDiff(join(scratch, 'no', 'such'), archive)).rejects.toMatchObject({ code: 'ERR_VARVE_TARGET' })
  })

  it('takes the directory away again that it made, where it fails', async () => {
    const { base, archive, scratch } = await scene(undefined, { a: file('a') })
    const steps = new FileSteps((step, path) => {
      if (step === 'set times' && path === base) throw Object.assign(new Error('EIO'), { code: 'EIO', errno: -5 })
    })
    await expect(applyInSteps(base, archive, {}, steps)).rejects.toMatchObject({ code: 'ERR_VARVE_TARGET' })
    expect(readdirSync(scratch).toSorted()).toEqual(['diff.tgz', 'target'])
  })

  it('refuses a base that has changed, and names what', async () => {
    const before = { a: file('a'), b: file('b'), c: folder({ d: file('d') }) }
    const after = { a: file('A'), b: file('b'), c: folder({ e: file('e') }) }
    const spoilers: readonly (readonly [(base: string) => void, RegExp])[] = [
      [(base) => writeFileSync(join(base, 'a'), 'x'), /'a' is not what it was/],
      [(base) => chmodSync(join(base, 'a'), 0o600), /'a' is not what it was/],
      [
        (base) => lstatSync(base) && writeFileSync(join(base, 'b'), 'x'),
        /is not the directory that the archive is for/,
      ],
      [(base) => rmSync(join(base, 'c', 'd')), /is not what it was|is not there|another time/],
      [(base) => mkdirSync(join(base, 'c', 'e')), /'c.*' (?:is there already|has another time)/],
      [(base) => writeFileSync(join(base, 'extra'), ''), /is not the directory that the archive is for/],
    ]
    for (const [spoil, message] of spoilers) {
      const { base, archive, scratch } = await scene(before, after)
      spoil(base)
      const spoiled = survey(base)
      await expect(applyDiff(base, archive)).rejects.toMatchObject({
        code: 'ERR_VARVE_WRONG_BASE',
        message: expect.stringMatching(message) as string,
      })
      expect(survey(base)).toEqual(spoiled)
      expect(readdirSync(scratch).toSorted()).toEqual(['base', 'diff.tgz', 'target'])
    }
  })

  it('says that it has been applied already', async () => {
    const { base, archive } = await scene({ a: file('a') }, { a: file('b') })
    await applyDiff(base, archive)
    await expect(applyDiff(base, archive)).rejects.toThrow('already is what the archive makes of it')
  })

  it('leaves alone what the index leaves out, and refuses to remove or replace it', async () => {
    const rules = { excludes: ['private'] }
    const kept = await scene({ a: folder({ b: file('b') }) }, { a: folder({ c: file('c') }) }, rules)
    writeFileSync(join(kept.base, 'private'), 'mine')
    await applyDiff(kept.base, kept.archive)
    expect(existsSync(join(kept.base, 'private'))).toBe(true)

    const removed = await scene({ a: folder({ b: file('b'), private: file('mine') }) }, {}, rules)
    await expect(applyDiff(removed.base, removed.archive)).rejects.toMatchObject({
      code: 'ERR_VARVE_TARGET',
      message: expect.stringContaining('holds entries that the index leaves out') as string,
    })
    expect(existsSync(join(removed.base, 'a', 'private'))).toBe(true)

    const hidden = await scene({ '.exclude': file('x'), x: file('mine') }, { '.exclude': file(''), x: file('theirs') })
    await expect(applyDiff(hidden.base, hidden.archive)).rejects.toMatchObject({
      code: 'ERR_VARVE_TARGET',
      message: expect.stringContaining("'x' is in the way") as string,
    })
  })

  it('reads only what has changed, where an index tells', async () => {
    const { base, target, archive } = await scene(
      { a: file(noise(50_000, 1)), b: file('b') },
      { a: file(noise(50_000, 1)), b: file('B') },
    )
    await using baseIndex = await DirIndex.fromFolder(base, { now: () => Date.now() + 60_000 })
    await applyDiff(base, archive, { baseIndex })
    expect(survey(base)).toEqual(survey(target))
  })

  it.each([
    ['journal-tmp', { a: file('a') }],
    ['adding', {}],
  ] as const)(
    'follows no symbolic link that somebody puts in the way meanwhile, before %s is written',
    async (moment, lookalike) => {
      const before = { in: folder({ a: file('a') }) }
      const { scratch, base, archive } = await scene(before, { in: folder({ a: file('b'), c: file('c') }) })
      // All looks as it should be there, but it lies outside.
      plant(join(scratch, 'outside'), lookalike)
      const [planted, outside] = [survey(base), survey(join(scratch, 'outside'))]
      const steps = new FileSteps((step, path) => {
        if (step !== 'make file' || !path.endsWith(`/${moment}`)) return
        renameSync(join(base, 'in'), join(scratch, 'elsewhere'))
        symlinkSync('../outside', join(base, 'in'))
      })
      await expect(applyInSteps(base, archive, {}, steps)).rejects.toMatchObject({ name: 'VarveError' })
      expect(survey(join(scratch, 'outside'))).toEqual(outside)
      // Once the way is free again everything can be put back.
      rmSync(join(base, 'in'))
      renameSync(join(scratch, 'elsewhere'), join(base, 'in'))
      expect(await recoverApply(base)).toBe('rolled-back')
      expect(survey(base)).toEqual(planted)
      expect(readdirSync(scratch).filter((name) => name.startsWith('.'))).toEqual([])
    },
  )

  it('puts nothing over what another program writes meanwhile, and puts back what it can', async () => {
    const { base, archive } = await scene({ a: file('a'), b: file('b') }, { a: file('A'), c: file('c') })
    const steps = new FileSteps((step, path) => {
      if (step === 'make file' && path.endsWith('/adding')) writeFileSync(join(base, 'c'), 'not ours')
    })
    await expect(applyInSteps(base, archive, {}, steps)).rejects.toMatchObject({
      code: 'ERR_VARVE_TARGET',
      message: expect.stringContaining("'c' was changed by another program") as string,
    })
    expect(survey(base).map((line) => line.split(' ')[0])).toEqual(['""', '"a"', '"b"', '"c"'])
  })

  it('refuses a directory at which another call is at work', async () => {
    const { base, archive, target } = await scene({ a: file('a') }, { a: file('b') })
    let second: Promise<unknown> | undefined
    const steps = new FileSteps((step) => {
      if (step === 'make link' || step !== 'rename' || second !== undefined) return
      second = applyDiff(base, archive).catch((error: unknown) => error)
    })
    await applyInSteps(base, archive, {}, steps)
    expect(await second).toMatchObject({ code: 'ERR_VARVE_LOCKED' })
    expect(survey(base)).toEqual(survey(target))
  })

  it('believes no damaged journal, and removes nothing that only the work folder has', async () => {
    const { base, target, archive, scratch } = await scene(
      { a: file('a'), b: file('b') },
      { a: file('A'), c: file('C') },
    )
    const before = survey(base)
    const work = join(scratch, '.base.varve-apply')
    const steps = new FileSteps((_, path) => {
      if (existsSync(join(work, 'adding')) && path.startsWith(base)) throw new Error('the machine stops')
    })
    await expect(applyInSteps(base, archive, {}, steps)).rejects.toMatchObject({ code: 'ERR_VARVE_TARGET' })
    const journal = readFileSync(join(work, 'journal'))
    const spoiled = Buffer.from(journal)
    spoiled[journal.length >> 1] = (spoiled[journal.length >> 1] ?? 0) ^ 1
    const left = putAway(scratch)
    expect(left).toHaveLength(3)
    writeFileSync(join(work, 'journal'), spoiled)
    await expect(recoverApply(base)).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
    rmSync(join(work, 'journal'))
    await expect(applyDiff(base, archive)).rejects.toMatchObject({
      code: 'ERR_VARVE_TARGET',
      message: expect.stringContaining('without a journal') as string,
    })
    expect(putAway(scratch)).toEqual(left)
    writeFileSync(join(work, 'journal'), journal)
    expect(await recoverApply(base)).toBe('rolled-back')
    expect(survey(base)).toEqual(before)
    await applyDiff(base, archive)
    expect(survey(base)).toEqual(survey(target))
  })

  it('looks with the rules that the exclude file has before and after', async () => {
    const before = { '.exclude': file('hidden\n'), hidden: file('1'), shown: file('2') }
    const after = { '.exclude': file('shown\n'), hidden: file('3'), shown: file('4') }
    const { base, archive } = await scene(before, after)
    await expect(applyDiff(base, archive)).rejects.toThrow("'hidden' is in the way")
    rmSync(join(base, 'hidden'))
    // The folder's own time is no part of what has to fit.
    await applyDiff(base, archive)
    expect(survey(base).map((line) => line.split(' ')[0])).toEqual(['""', '".exclude"', '"hidden"'])
  })

  it('is put back by the next call after the process was killed', async () => {
    const { scratch, base, target, archive } = await scene(
      { a: file('a'), b: folder({ c: file('c') }) },
      { a: file('b'), b: file('c'), d: folder({ e: file('e') }) },
    )
    const before = survey(base)
    for (const count of [12, 24, 36]) {
      const source = program(`let n = 0
        await applyInSteps(base, archive, {}, new FileSteps(() => { if (++n === ${count}) process.kill(process.pid, 'SIGKILL') }))`)
      const child = spawn(process.execPath, [...node(source, base, archive)], { stdio: 'ignore' })
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
      expect(signal).toBe('SIGKILL')
      await expect(applyDiff(base, archive, { dryRun: true })).rejects.toThrow('were interrupted')
      expect(await recoverApply(base)).toBe('rolled-back')
      expect(survey(base)).toEqual(before)
    }
    await applyDiff(base, archive)
    expect(survey(base)).toEqual(survey(target))
    expect(readdirSync(scratch).toSorted()).toEqual(['base', 'diff.tgz', 'target'])
  })

  it.skipIf(process.getuid?.() !== 0)(
    'works in folders that their owner may not write to, for who is not root',
    async () => {
      const locked = { mode: 0o500 }
      const before = {
        locked: folder({ a: file('a'), gone: folder({ b: file('b') }, locked) }, locked),
        around: folder({ inner: folder({ c: file('c') }, locked) }, { mode: 0o555 }),
      }
      const after = {
        locked: folder({ a: file('b', { mode: 0o400 }), new: folder({ c: file('new') }, locked) }, locked),
        around: folder({ inner: folder({ d: file('d') }, locked) }, { mode: 0o555 }),
      }
      const { scratch, base, target, archive } = await scene(before, after)
      spawnSync('chown', ['-R', '65534:65534', scratch])
      const planted = survey(base)
      const failing = program(`process.setgid(65534); process.setuid(65534)
      await applyInSteps(base, archive, {}, new FileSteps((step, path) => { if (path.endsWith('/done')) throw new Error('stop') })).catch(() => {})`)
      expect(spawnSync(process.execPath, [...node(failing, base, archive)], { encoding: 'utf8' })).toMatchObject({
        status: 0,
      })
      expect(survey(base)).toEqual(planted)
      const working = program(
        `process.setgid(65534); process.setuid(65534); await applyInSteps(base, archive, {}, new FileSteps())`,
      )
      expect(spawnSync(process.execPath, [...node(working, base, archive)], { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      })
      expect(survey(base)).toEqual(survey(target))
    },
  )

  it.skipIf(process.getuid?.() !== 0)('leaves files to whom they belong', async () => {
    const { base, archive } = await scene({ a: file(noise(9000, 1)) }, { a: file(noise(9001, 1)) })
    spawnSync('chown', ['65534:65533', join(base, 'a')])
    await applyDiff(base, archive)
    expect(lstatSync(join(base, 'a'))).toMatchObject({ uid: 65534, gid: 65533 })
  })

  it('looks for room before it writes', () => {
    expect(() => requireSpace(memoryFolder(), Number.MAX_SAFE_INTEGER)).toThrow('are free there')
  })
})
