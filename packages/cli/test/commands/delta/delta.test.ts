import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../temporary-folder.ts'
import { jsonLines, runHere, type RunOptions } from '../run-here.ts'

async function scene() {
  const workingFolder = await temporaryFolder()
  const old = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * i * 7) % 251))
  const changed = Buffer.concat([old.subarray(30_000), Buffer.from('inserted'), old.subarray(0, 30_000)])
  writeFileSync(join(workingFolder, 'old'), old)
  writeFileSync(join(workingFolder, 'new'), changed)
  const varve = (args: readonly string[], options: RunOptions = {}) =>
    runHere(['delta', ...args], { workingFolder, ...options })
  return { varve, changed, file: (name: string) => join(workingFolder, name), workingFolder }
}

test('signature, diff, patch', async () => {
  const { varve, changed, file } = await scene()
  expect(await varve(['signature', 'old', 'old.sig', '--block-size', '1K'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Wrote old\.sig \(.* for 58\.6 KiB\)\.\n$/) as unknown,
    err: '',
  })
  const diff = await varve(['diff', 'old.sig', 'new', 'delta', '--json'])
  expect(jsonLines(diff.out)).toEqual([
    expect.objectContaining({ message_type: 'summary', output: 'delta', bytes_read: changed.length }),
  ])
  expect(readFileSync(file('delta')).length).toBeLessThan(5000)
  expect((await varve(['patch', 'old', 'delta', 'made'])).code).toBe(0)
  expect(readFileSync(file('made')).equals(changed)).toBe(true)
})

test('the formats of librsync are known by what they begin with', async () => {
  const { varve, changed, file } = await scene()
  await varve(['signature', '--librsync', 'old', 'old.sig'])
  expect(readFileSync(file('old.sig')).toString('latin1', 0, 2)).toBe('rs')
  await varve(['diff', 'old.sig', 'new', 'delta'])
  expect(readFileSync(file('delta')).toString('latin1', 0, 3)).toBe('rs\u0002')
  expect((await varve(['patch', 'old', 'delta', 'made'])).code).toBe(0)
  expect(readFileSync(file('made')).equals(changed)).toBe(true)
})

test('standard input and output', async () => {
  const { varve, file } = await scene()
  const { out, code } = await varve(['signature', '-', '-', '--block-size', '512'], { input: 'old content' })
  expect(code).toBe(0)
  writeFileSync(file('text'), 'old content')
  expect((await varve(['signature', 'text', '-', '--block-size', '512'])).out).toBe(out)
  writeFileSync(file('sig'), Buffer.from(out, 'latin1'))
  const delta = await varve(['diff', 'sig', '-', '-'], { input: 'new content' })
  writeFileSync(file('delta'), Buffer.from(delta.out, 'latin1'))
  expect(await varve(['patch', 'text', 'delta', '-'])).toEqual({ code: 0, out: 'new content', err: '' })
  expect((await varve(['diff', '-', '-', 'x'])).err).toContain('cannot both come from standard input')
  expect((await varve(['signature', 'text', '-', '--json'])).err).toContain('--json and bytes cannot both be printed')
})

test('nothing is replaced without --force, and a failure leaves nothing', async () => {
  const { varve, file, workingFolder, changed } = await scene()
  await varve(['signature', 'old', 'sig'])
  await varve(['diff', 'sig', 'new', 'delta'])
  const before = readFileSync(file('sig'))
  expect(await varve(['signature', 'new', 'sig'])).toMatchObject({ code: 1, out: '' })
  expect(readFileSync(file('sig')).equals(before)).toBe(true)
  expect((await varve(['signature', 'new', 'sig'])).err).toContain("'sig' is there already")
  expect((await varve(['patch', 'new', 'delta', 'made'])).err).toMatch(/^Error: the delta is for a file/)
  expect(existsSync(file('made'))).toBe(false)
  const harmed = readFileSync(file('delta'))
  harmed[harmed.length - 40] = (harmed[harmed.length - 40] ?? 0) ^ 1
  writeFileSync(file('harmed'), harmed)
  expect((await varve(['patch', 'old', 'harmed', 'made'])).code).toBe(1)
  expect(readdirSync(workingFolder).toSorted()).toEqual(['delta', 'harmed', 'new', 'old', 'sig'])
  expect((await varve(['patch', 'old', 'delta', 'old', '--force'])).code).toBe(0)
  expect(readFileSync(file('old')).equals(changed)).toBe(true)
})

test('what is not there, or no such thing, is named', async () => {
  const { varve } = await scene()
  expect((await varve(['signature', 'missing', 'x'])).err).toContain("cannot read 'missing'")
  expect((await varve(['signature', '.', 'x'])).err).toContain("'.' is a folder")
  expect((await varve(['diff', 'old', 'new', 'x'])).code).toBe(1)
  expect((await varve(['patch', 'missing', 'new', 'x'])).err).toContain("cannot read 'missing'")
  expect((await varve(['signature', 'old', 'x', '--block-size', 'huge'])).err).toContain("'huge' is not a size")
})
