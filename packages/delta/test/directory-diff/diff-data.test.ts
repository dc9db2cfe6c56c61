import { appendFileSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { applyDiff, DiffData, DiffIndex, DirIndex } from '@varve/delta'
import { memoryFolder } from '../directory-index/memory-folder.ts'
import { file, noise, plant, survey, type Tree } from '../directory-index/trees.ts'

interface Pair {
  readonly scratch: string
  readonly base: string
  readonly target: string
  readonly older: DirIndex
  readonly data: DiffData
}

async function pair(before: Tree, after: Tree): Promise<Pair> {
  const scratch = memoryFolder()
  const [base, target] = [join(scratch, 'base'), join(scratch, 'target')]
  plant(base, before)
  plant(target, after)
  const older = await DirIndex.fromFolder(base)
  const newer = await DirIndex.fromFolder(target)
  const diff = await DiffIndex.between(older, newer)
  return { scratch, base, target, older, data: new DiffData(diff, older, target) }
}

describe('DiffData', () => {
  it('makes the same archive as often as it is asked to', async () => {
    const { scratch, data } = await pair({ a: file('a') }, { a: file('b'), c: file(noise(10_000, 1)) })
    const [one, two] = [join(scratch, '1.tgz'), join(scratch, '2.tgz')]
    const summary = await data.createArchive(one)
    expect(await data.createArchive(two)).toEqual(summary)
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true)
    expect(summary).toEqual({ size: readFileSync(one).length, wholeFiles: 2, deltas: 0 })
  })

  it('brings a delta where that is shorter than the file', async () => {
    const old = noise(200_000, 1)
    const after = { edited: file(Buffer.concat([old, Buffer.from('more')])), other: file(noise(200_000, 3)) }
    const { scratch, base, target, data } = await pair({ edited: file(old), other: file(noise(200_000, 2)) }, after)
    const summary = await data.createArchive(join(scratch, 'd.tgz'))
    expect(summary).toMatchObject({ wholeFiles: 1, deltas: 1 })
    expect(summary.size).toBeLessThan(202_000)
    await applyDiff(base, join(scratch, 'd.tgz'))
    expect(survey(base)).toEqual(survey(target))
  })

  it('computes a delta twice that is too long to be kept', async () => {
    const common = noise(1_000_000, 1)
    const fresh = Buffer.alloc(9_000_000, noise(1_000_003, 2))
    const { scratch, base, target, data } = await pair({ f: file(common) }, { f: file(Buffer.concat([fresh, common])) })
    expect(await data.createArchive(join(scratch, 'd.tzst'))).toMatchObject({ wholeFiles: 0, deltas: 1 })
    await applyDiff(base, join(scratch, 'd.tzst'))
    expect(survey(base)).toEqual(survey(target))
  })

  it('takes a file that has grown as it was indexed, and refuses one that has changed otherwise', async () => {
    const { scratch, base, target, data } = await pair({}, { log: file('line 1\n') })
    const archive = join(scratch, 'd.tgz')
    const wanted = survey(target)
    appendFileSync(join(target, 'log'), 'line 2\n')
    await data.createArchive(archive)
    await applyDiff(base, archive)
    expect(survey(base)).toEqual(wanted)
    for (const spoil of [
      () => writeFileSync(join(target, 'log'), 'LINE 1\n'),
      () => truncateSync(join(target, 'log'), 3),
    ]) {
      spoil()
      await expect(data.createArchive(join(scratch, 'e.tgz'))).rejects.toMatchObject({
        code: 'ERR_VARVE_SOURCE',
        message: "'log' has changed since it was indexed",
      })
    }
    expect(readdirSync(scratch).toSorted()).toEqual(['base', 'd.tgz', 'target'])
  })

  it('refuses another index, and levels that there are not', async () => {
    const { scratch, target, data } = await pair({ a: file('a') }, { a: file('b') })
    await using newer = await DirIndex.fromFolder(target)
    await using diff = await DiffIndex.between(newer, newer)
    expect(() => new DiffData(diff, DirIndex.empty(), target)).toThrow('made from another index')
    await expect(data.createArchive(join(scratch, 'd.tgz'), { level: 12 })).rejects.toMatchObject({
      code: 'ERR_VARVE_BAD_ARGUMENT',
    })
    await data.createArchive(join(scratch, 'd'), { compression: 'zstd', level: 12 })
    expect(readFileSync(join(scratch, 'd')).readUInt32LE()).toBe(0xfd2fb528)
  })

  it('stops on request, and leaves nothing behind', async () => {
    const { scratch, data } = await pair({}, { a: file('a') })
    await expect(data.createArchive(join(scratch, 'd.tgz'), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_VARVE_ABORTED',
    })
    expect(readdirSync(scratch).toSorted()).toEqual(['base', 'target'])
  })
})
