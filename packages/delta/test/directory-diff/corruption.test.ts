import { hash } from 'node:crypto'
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VarveError } from '@varve/platform'
import { applyDiff, DiffData, DiffIndex, DirIndex } from '@varve/delta'
import { memoryFolder } from '../directory-index/memory-folder.ts'
import { collect, file, folder, link, noise, plant, survey } from '../directory-index/trees.ts'
import { forge } from './forged-archive.ts'

const REFUSED = { name: 'VarveError', code: expect.stringMatching(/^ERR_VARVE_(?:DAMAGED|FORMAT)$/) as string }

interface Files {
  readonly scratch: string
  readonly base: string
  readonly index: string
  readonly diff: string
}

async function prepare(): Promise<Files> {
  const scratch = memoryFolder()
  const [base, target, index, diff] = ['base', 'target', 'index', 'diff'].map((name) => join(scratch, name))
  if (base === undefined || target === undefined || index === undefined || diff === undefined) throw new Error()
  plant(base, { a: file('a'), edited: file(noise(5000, 1)), gone: folder({ b: file('b') }) })
  plant(target, { a: file('A'), edited: file(noise(5001, 1)), moved: file('b'), l: link('a') })
  await using older = await DirIndex.fromFolder(base)
  await using newer = await DirIndex.fromFolder(target)
  await using difference = await DiffIndex.between(older, newer)
  await older.toFile(index)
  await difference.toFile(diff)
  for (const name of ['d.tgz', 'd.tar.zst']) {
    await new DiffData(difference, older, target).createArchive(join(scratch, name))
  }
  return { scratch, base, index, diff }
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => 'no failure',
    (error: unknown) => error,
  )
}

/** The same file with other bytes, by place and bits, and the checksum that they should have. */
function spoil(sound: Buffer, changes: readonly (readonly [number, number])[]): Buffer {
  const body = Buffer.from(sound.subarray(0, -32))
  for (const [at, bits] of changes) body[at % body.length] = (body[at % body.length] ?? 0) ^ bits
  return Buffer.concat([body, hash('sha256', body, 'buffer')])
}

/** Calls `check` with the file changed at each byte in turn, one bit each, and cut off at each. */
async function damageEverywhere(path: string, check: (where: string) => Promise<void>): Promise<void> {
  const sound = readFileSync(path)
  for (let at = 0; at < sound.length; at++) {
    const bytes = Buffer.from(sound)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
    writeFileSync(path, bytes)
    await check(`bit ${at % 8} of byte ${at}`)
    truncateSync(path, at)
    await check(`cut off at ${at}`)
  }
  writeFileSync(path, Buffer.concat([sound, Buffer.from([0])]))
  await check('a byte too many')
  writeFileSync(path, sound)
}

describe('a damaged file', { timeout: 300_000 }, () => {
  it('is refused as an index, whichever byte is wrong', async () => {
    const { index } = await prepare()
    await damageEverywhere(index, async (where) => {
      expect(await failureOf(DirIndex.fromFile(index)), `with ${where}`).toMatchObject(REFUSED)
    })
    await using sound = await DirIndex.fromFile(index)
    expect(sound.entryCount).toBe(4)
  })

  it('is refused as a difference, whichever byte is wrong', async () => {
    const { diff } = await prepare()
    await damageEverywhere(diff, async (where) => {
      expect(await failureOf(DiffIndex.fromFile(diff)), `with ${where}`).toMatchObject(REFUSED)
    })
    await using sound = await DiffIndex.fromFile(diff)
    expect(sound.counts.renamed).toBe(1)
  })

  it.each(['d.tgz', 'd.tar.zst'])('is refused as an archive, whichever byte is wrong: %s', async (name) => {
    const { scratch, base } = await prepare()
    const before = survey(base)
    const names = readdirSync(scratch)
    await damageEverywhere(join(scratch, name), async (where) => {
      expect(await failureOf(applyDiff(base, join(scratch, name))), `with ${where}`).toMatchObject(REFUSED)
    })
    expect(survey(base)).toEqual(before)
    expect(readdirSync(scratch)).toEqual(names)
    await applyDiff(base, join(scratch, name))
    expect(survey(base).slice(1)).toEqual(survey(join(scratch, 'target')).slice(1))
  })

  it('is refused when it changes after it was opened', async () => {
    const { index, diff } = await prepare()
    await using older = await DirIndex.fromFile(index)
    await using difference = await DiffIndex.fromFile(diff)
    for (const path of [index, diff]) {
      const bytes = readFileSync(path)
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
      writeFileSync(path, bytes)
    }
    await expect(collect(older.entries())).rejects.toMatchObject(REFUSED)
    await expect(collect(difference.changes())).rejects.toMatchObject(REFUSED)
  })

  it('is refused in words, or means something else, when its checksum was made right again', async () => {
    const { index, diff, scratch, base } = await prepare()
    const before = survey(base)
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 })
    const [soundIndex, soundDiff] = [readFileSync(index), readFileSync(diff)]
    let refusals = 0
    const refusedInWords = async (work: Promise<unknown>): Promise<void> => {
      const error = await failureOf(work)
      if (error === 'no failure') return
      refusals++
      expect(error).toBeInstanceOf(VarveError)
    }
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        writeFileSync(index, spoil(soundIndex, changes))
        await refusedInWords(DirIndex.fromFile(index).then((opened) => opened.close()))
        const manifest = spoil(soundDiff, changes)
        writeFileSync(diff, manifest)
        await refusedInWords(DiffIndex.fromFile(diff).then((opened) => opened.close()))
        forge(join(scratch, 'forged.tgz'), { base: {}, changes: [], members: [], manifest })
        await refusedInWords(applyDiff(base, join(scratch, 'forged.tgz')))
      }),
      { numRuns: 150 },
    )
    expect(refusals).toBeGreaterThan(200)
    expect(survey(base)).toEqual(before)
  })
})
