import { hash } from 'node:crypto'
import { appendFileSync, chmodSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { currentPlatform, type Problem } from '@varve/platform'
import { decodeSignature, DirIndex, signatureOfFile, type DirIndexOptions, type IndexEntry } from '@varve/delta'
import { memoryFolder } from './memory-folder.ts'
import { collect, file, folder, link, noise, plant, summaryOf, survey, trees, type Tree } from './trees.ts'

/** Long after the folder was made, so that its files can count as unchanged. */
const later = (): number => Date.now() + 60_000

async function entriesOf(index: DirIndex): Promise<readonly IndexEntry[]> {
  return await collect(index.entries())
}

async function pathsOf(tree: Tree, options: DirIndexOptions = {}): Promise<readonly string[]> {
  const path = join(memoryFolder(), 'd')
  plant(path, tree)
  await using index = await DirIndex.fromFolder(path, options)
  return (await entriesOf(index)).map((entry) => entry.path)
}

/** The lines that `survey` would give, made of an index. */
async function describeEntries(index: DirIndex): Promise<readonly string[]> {
  const types = { file: 0o100000, dir: 0o040000, symlink: 0o120000, fifo: 0o010000, dev: 0o060000, chardev: 0o020000 }
  return (await entriesOf(index)).map(({ path, state }) => {
    const content = state.type === 'file' ? state.hash : state.type === 'symlink' ? state.target : ''
    return `${JSON.stringify(path)} ${(types[state.type] + state.mode).toString(8)} ${state.mtime} ${content}`
  })
}

describe('DirIndex', () => {
  it('holds all that there is in a folder, and is the same from a file', async () => {
    const scratch = memoryFolder()
    let round = 0
    await fc.assert(
      fc.asyncProperty(trees, async (tree) => {
        const [path, stored] = [join(scratch, String(round)), join(scratch, `${round++}.index`)]
        plant(path, tree)
        await using index = await DirIndex.fromFolder(path)
        await index.toFile(stored)
        await using again = await DirIndex.fromFile(stored)
        const lines = survey(path).slice(1)
        expect((await describeEntries(index)).toSorted()).toEqual(lines.toSorted())
        expect(await entriesOf(again)).toEqual(await entriesOf(index))
        expect(summaryOf(again)).toEqual(summaryOf(index))
      }),
      { numRuns: 50 },
    )
  })

  it('lists a folder before what is in it, and names in the order of their bytes', async () => {
    const tree = { 'a!': file(''), a: folder({ 'z\udcff': file(''), é: file(''), '~': file('') }), B: file('') }
    expect(await pathsOf(tree)).toEqual(['B', 'a', 'a/z\udcff', 'a/~', 'a/é', 'a!'])
  })

  it('has the signatures of files that are large enough for deltas', async () => {
    const path = join(memoryFolder(), 'd')
    plant(path, { small: file(noise(4096, 1)), large: file(noise(100_000, 2)) })
    await using index = await DirIndex.fromFolder(path)
    const [large, small] = await entriesOf(index)
    expect(small?.signature).toBeUndefined()
    expect(decodeSignature(large?.signature ?? new Uint8Array(0))).toEqual(await signatureOfFile(join(path, 'large')))
    await using without = await DirIndex.fromFolder(path, { signatures: false })
    expect((await entriesOf(without)).every(({ signature }) => signature === undefined)).toBe(true)
    expect(without.stateHash).toBe(index.stateHash)
  })

  it('leaves out what version control keeps, and what .exclude says, as gitignore(5) has it', async () => {
    const tree = {
      '.exclude': file('*.log\n!keep.log\n/top\nbuild/\n# comment\ncaf\u00e9\n'),
      '.git': folder({ config: file('') }),
      '.hg': file('not a folder'),
      'a.log': file(''),
      'keep.log': file(''),
      top: file(''),
      build: folder({ 'keep.log': file('') }),
      café: file(''),
      sub: folder({ top: file(''), build: file('a file'), '.svn': folder(), 'b.log': file('') }),
    }
    expect(await pathsOf(tree)).toEqual(['.exclude', '.hg', 'keep.log', 'sub', 'sub/build', 'sub/top'])
    expect(await pathsOf(tree, { excludeFile: '', excludes: [] })).toHaveLength(15)
    expect(await pathsOf({ rules: file('x'), x: file('') }, { excludeFile: 'rules' })).toEqual(['rules'])
  })

  it('does not take an exclude file from elsewhere', async () => {
    await expect(DirIndex.fromFolder('/', { excludeFile: '../rules' })).rejects.toMatchObject({
      code: 'ERR_VARVE_BAD_ARGUMENT',
    })
    const scratch = memoryFolder()
    writeFileSync(join(scratch, 'rules'), 'x')
    plant(join(scratch, 'd'), { '.exclude': link('../rules'), x: file('') })
    await using index = await DirIndex.fromFolder(join(scratch, 'd'))
    expect(index.entryCount).toBe(2)
  })

  it('takes over hashes and signatures of files that did not change, without reading them', async () => {
    const path = join(memoryFolder(), 'd')
    plant(path, { a: file(noise(10_000, 1)), b: file('b') })
    await using first = await DirIndex.fromFolder(path, { now: later })
    // Another content with the same size and times: whoever does not read it cannot know.
    utimesAfter(path, 'a', () => writeFileSync(join(path, 'a'), noise(10_000, 2)))
    await using trusting = await DirIndex.fromFolder(path, { previous: first, unchanged: 'times' })
    expect((await entriesOf(trusting))[0]).toMatchObject({ signature: (await entriesOf(first))[0]?.signature })
    expect(trusting.stateHash).toBe(first.stateHash)
    await using careful = await DirIndex.fromFolder(path, { previous: first })
    expect(careful.stateHash).not.toBe(first.stateHash)
    await using reading = await DirIndex.fromFolder(path, { previous: first, unchanged: 'never' })
    expect(reading.stateHash).toBe(careful.stateHash)
  })

  it('reads files again that were modified just before the last index', async () => {
    const path = join(memoryFolder(), 'd')
    plant(path, { a: file('a') })
    const now = Date.now()
    utimesSync(join(path, 'a'), now / 1000, now / 1000)
    await using first = await DirIndex.fromFolder(path, { now: () => now + 500 })
    utimesAfter(path, 'a', () => writeFileSync(join(path, 'a'), 'b'))
    await using second = await DirIndex.fromFolder(path, { previous: first, unchanged: 'times' })
    expect(second.stateHash).not.toBe(first.stateHash)
  })

  it('takes the rules of the previous index', async () => {
    const path = join(memoryFolder(), 'd')
    plant(path, { a: file('a'), b: file('b') })
    await using first = await DirIndex.fromFolder(path, { excludes: ['a'] })
    await using second = await DirIndex.fromFolder(path, { previous: first })
    expect(second.rules).toEqual({ excludeFile: '.exclude', excludes: ['a'] })
    expect(second.entryCount).toBe(1)
  })

  it.skipIf(process.getuid?.() !== 0 || process.seteuid === undefined)(
    'reports what cannot be read, and keeps what was known of it',
    async () => {
      const path = join(memoryFolder(), 'd')
      plant(path, {
        shut: folder({ x: file('x'), y: folder({ z: file('z') }) }),
        secret: file('secret'),
        open: file('o'),
      })
      chmodSync(join(path, '..'), 0o755)
      await using first = await DirIndex.fromFolder(path)
      chmodSync(join(path, 'secret'), 0)
      chmodSync(join(path, 'shut'), 0)
      const problems: Problem[] = []
      const onProblem = (problem: Problem): void => void problems.push(problem)
      const asNobody = async (options: DirIndexOptions): Promise<DirIndex> => {
        process.seteuid?.(65534)
        try {
          return await DirIndex.fromFolder(path, { ...options, onProblem })
        } finally {
          process.seteuid?.(0)
        }
      }
      await using second = await asNobody({ previous: first, unchanged: 'never' })
      expect((await entriesOf(second)).map((entry) => entry.path)).toEqual(
        (await entriesOf(first)).map((entry) => entry.path),
      )
      expect(problems).toEqual([
        { path: 'secret', message: expect.stringContaining('stays as it was in the previous index') as string },
        { path: 'shut', message: expect.stringContaining('permission denied') as string },
      ])
      expect(second.problemCount).toBe(2)
      await using fresh = await asNobody({})
      expect((await entriesOf(fresh)).map((entry) => entry.path)).toEqual(['open', 'shut'])
      expect(problems.at(-2)).toEqual({ path: 'secret', message: expect.stringContaining('is left out') as string })
    },
  )

  it('reports a file that keeps changing while it is read, and a folder', async () => {
    const path = join(memoryFolder(), 'd')
    plant(path, { log: file(Buffer.alloc(30_000_000, noise(1000, 1))) })
    const problems: Problem[] = []
    const busy = setInterval(() => {
      appendFileSync(join(path, 'log'), 'line\n')
      renameSync(join(path, 'log'), join(path, 'log.tmp'))
      renameSync(join(path, 'log.tmp'), join(path, 'log'))
    }, 0)
    try {
      await using index = await DirIndex.fromFolder(path, { onProblem: (problem) => void problems.push(problem) })
      const [entry] = await entriesOf(index)
      const state = entry?.state
      if (state?.type !== 'file') throw new Error('the file is missing')
      // It is what the file began with at some time: what was appended meanwhile does not count.
      expect(hash('sha256', readFileSync(join(path, 'log')).subarray(0, state.size), 'hex')).toBe(state.hash)
    } finally {
      clearInterval(busy)
    }
    expect(problems.map((problem) => problem.path)).toEqual(['log', ''])
  })

  it('leaves sockets out, and does not wait for pipes', async () => {
    const path = join(memoryFolder(), 'd')
    plant(path, { pipe: { type: 'fifo' } })
    const server = createServer().listen(join(path, 'socket'))
    try {
      await using index = await DirIndex.fromFolder(path)
      expect((await entriesOf(index)).map(({ state }) => state.type)).toEqual(['fifo'])
    } finally {
      server.close()
    }
  })

  it('says what is wrong with a folder or file that it cannot use', async () => {
    const scratch = memoryFolder()
    writeFileSync(join(scratch, 'file'), 'no index')
    const cases: readonly (readonly [() => Promise<unknown>, string])[] = [
      [() => DirIndex.fromFolder(join(scratch, 'missing')), 'ERR_VARVE_SOURCE'],
      [() => DirIndex.fromFolder(join(scratch, 'file')), 'ERR_VARVE_SOURCE'],
      [() => DirIndex.fromFile(join(scratch, 'missing')), 'ERR_VARVE_NOT_FOUND'],
      [() => DirIndex.fromFile(scratch), 'ERR_VARVE_STORAGE'],
      [() => DirIndex.fromFile(join(scratch, 'file')), 'ERR_VARVE_DAMAGED'],
      [() => DirIndex.empty().toFile(join(scratch, 'missing', 'index')), 'ERR_VARVE_STORAGE'],
    ]
    for (const [work, code] of cases) await expect(work()).rejects.toMatchObject({ name: 'VarveError', code })
    writeFileSync(join(scratch, 'file'), 'another kind of file')
    await expect(DirIndex.fromFile(join(scratch, 'file'))).rejects.toMatchObject({ code: 'ERR_VARVE_FORMAT' })
    const index = Buffer.from(await fileOf(DirIndex.empty(), scratch))
    index[8] = 2
    writeFileSync(join(scratch, 'file'), index)
    await expect(DirIndex.fromFile(join(scratch, 'file'))).rejects.toMatchObject({
      code: 'ERR_VARVE_FORMAT',
      message: expect.stringContaining('version 2') as string,
    })
  })

  it('stops on request', async () => {
    const path = join(memoryFolder(), 'd')
    plant(path, { a: file('a') })
    await expect(DirIndex.fromFolder(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_VARVE_ABORTED',
    })
  })
})

/** Does something to a file and gives it the time that it had. */
function utimesAfter(folder: string, name: string, work: () => void): void {
  const platform = currentPlatform()
  const line = survey(folder).find((each) => each.startsWith(JSON.stringify(name))) ?? ''
  const mtime = BigInt(line.split(' ')[2] ?? '0')
  work()
  platform.setTimes(join(folder, name), mtime, mtime)
}

async function fileOf(index: DirIndex, scratch: string): Promise<Buffer> {
  await index.toFile(join(scratch, 'stored'))
  return readFileSync(join(scratch, 'stored'))
}
