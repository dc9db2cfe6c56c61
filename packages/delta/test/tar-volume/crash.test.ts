import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { END_OF_ARCHIVE } from '../../src/tar-volume/entry-encoding.ts'
import { TarVolume } from '../../src/tar-volume/tar-volume.ts'
import { noise } from '../directory-index/trees.ts'

/** Writes volumes without end, and says so after each. */
const WRITER = `
import { TarVolume } from ${JSON.stringify(join(import.meta.dirname, '../../src/tar-volume/tar-volume.ts'))}
const writer = await TarVolume.create({
  folder: process.argv[1], key: 'k', volumeSize: 256 << 10, oversized: 'split', onVolume: async () => void process.stdout.write('.'),
})
async function* endless() {
  for (let i = 0; ; i++) yield Buffer.alloc(10_000, i)
}
await writer.addStream('endless', endless())
`

function startWriter(folder: string): ChildProcess {
  const child = spawn(process.execPath, ['--conditions=varve-source', '--input-type=module', '-e', WRITER, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

test.each([1, 3])(
  'a process that is killed after %s volumes leaves no volume that looks whole and is not',
  async (count) => {
    const folder = scratchFolder()
    const child = startWriter(folder)
    let written = 0
    for await (const text of child.stdout ?? []) {
      written += String(text).length
      if (written >= count) break
    }
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')

    const names = readdirSync(folder)
    const volumes = names.filter((name) => name.endsWith('.tgz'))
    expect(volumes.length).toBeGreaterThanOrEqual(count)
    for (const name of volumes) {
      const tar = gunzipSync(readFileSync(join(folder, name)))
      expect(tar.subarray(-END_OF_ARCHIVE.length).equals(END_OF_ARCHIVE)).toBe(true)
      expect(spawnSync('tar', ['-tf', join(folder, name)]).status).toBe(0)
    }
    // All else says by its name what it is.
    expect(names.filter((name) => !volumes.includes(name) && !/-tmp-[0-9a-f]{16}$/.test(name))).toEqual([])
    await expect(TarVolume.open({ folder, key: 'k' })).rejects.toThrow(/is missing, or the set was never closed/)
  },
)

test('a write that fails is told, and nothing of the set stays', async () => {
  const folder = scratchFolder()
  const writer = await TarVolume.create({ folder, key: 'k', volumeSize: 64 << 10, compression: 'none' })
  await writer.addBuffer('a', noise(60_000))
  await writer.addBuffer('b', noise(60_000))
  await writer.discard()
  expect(readdirSync(folder)).toEqual([])
  const other = await TarVolume.create({ folder, key: 'k', volumeSize: 64 << 10, onVolume: fail })
  await other.addBuffer('a', noise(60_000))
  await expect(other.addBuffer('b', noise(60_000))).rejects.toThrow('the disk is full')
  await expect(other.close()).rejects.toThrow('failed already')
  expect(readdirSync(folder)).toEqual([])
})

test('stopping on request leaves nothing', async () => {
  const folder = scratchFolder()
  const controller = new AbortController()
  const writer = await TarVolume.create({ folder, key: 'k', volumeSize: 64 << 10, signal: controller.signal })
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 20; i++) {
      if (i === 10) controller.abort()
      yield noise(10_000)
    }
  }
  await expect(writer.addStream('x', stream())).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
  expect(readdirSync(folder)).toEqual([])
})

async function fail(): Promise<void> {
  throw new Error('the disk is full')
}
