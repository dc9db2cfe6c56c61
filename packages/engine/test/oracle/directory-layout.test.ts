import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DirectoryStorage } from '../../src/storage/directory.ts'
import { noRestic, RESTIC } from './restic.ts'

/** Path and mode of everything in a repository. */
async function layoutOf(root: string): Promise<readonly string[]> {
  const paths = ['.', ...(await readdir(root, { recursive: true }))].map((path) => path.replace(/[0-9a-f]{64}$/, 'ID'))
  const modes = paths.map(async (path) => {
    const { mode } = await stat(join(root, path.replace(/ID$/, await keyIn(root))))
    return `${mode.toString(8)} ${path}`
  })
  return (await Promise.all(modes)).toSorted()
}

async function keyIn(root: string): Promise<string> {
  return (await readdir(join(root, 'keys')))[0] ?? ''
}

describe.skipIf(noRestic)('the layout of a repository', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'varve-layout-'))
    execFileSync(RESTIC, ['init', '-q', '--no-cache', '--repo', join(folder, 'restic')], {
      env: { ...process.env, RESTIC_PASSWORD: 'x' },
      stdio: 'pipe',
    })
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test("is restic's, to the modes", async () => {
    const restic = await DirectoryStorage.open(join(folder, 'restic'))
    const ours = await DirectoryStorage.create(join(folder, 'ours'))
    await ours.save('config', '', await restic.load('config', ''))
    const keys = await restic.list('key')
    expect(keys.length).toBe(1)
    for (const { name, size } of keys) {
      const bytes = await restic.load('key', name)
      expect(bytes.length).toBe(size)
      await ours.save('key', name, bytes)
    }
    expect(await layoutOf(join(folder, 'ours'))).toEqual(await layoutOf(join(folder, 'restic')))
  })

  test('is one that restic opens', () => {
    const output = execFileSync(RESTIC, ['cat', 'config', '--no-cache', '--repo', join(folder, 'ours')], {
      env: { ...process.env, RESTIC_PASSWORD: 'x' },
    })
    expect(JSON.parse(output.toString())).toMatchObject({ version: expect.any(Number) })
  })
})
