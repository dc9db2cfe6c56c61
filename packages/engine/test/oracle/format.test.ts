import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBlob } from '../../src/repository/blob-opening.ts'
import type { PackedBlob } from '../../src/repository/blob.ts'
import { COMPRESSIONS, type Compression } from '../../src/repository/compression.ts'
import { createRepository } from '../../src/repository/create-repository.ts'
import { idOf, parseId } from '../../src/repository/id.ts'
import { removeStaleLocks, withLock } from '../../src/repository/lock.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import { readPackHeader } from '../../src/repository/pack-header.ts'
import type { IndexedRepository, OpenRepository } from '../../src/repository/repository.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { encodeTree } from '../../src/repository/tree-encoding.ts'
import { CHEAP_KEY, storeBlobs } from '../repository/cheap-repository.ts'
import { noRestic, noRustic, RESTIC, RUSTIC } from './restic.ts'

const PASSWORD = 'a password, with ünïcödé'
const MIB = 1024 * 1024
/** restic derives its key anew at every call. */
const TIMEOUT = 300_000

const run = promisify(execFile)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'varve-format-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function restic(repository: string, ...args: readonly string[]): Promise<Buffer> {
  const env = { ...process.env, RESTIC_PASSWORD: PASSWORD, RESTIC_CACHE_DIR: join(folder, 'cache') }
  const { stdout } = await run(RESTIC, ['-r', repository, ...args], { env, encoding: 'buffer', maxBuffer: 256 * MIB })
  return stdout
}

async function resticLines(repository: string, ...args: readonly string[]): Promise<readonly string[]> {
  return (await restic(repository, ...args)).toString().trimEnd().split('\n').toSorted()
}

/** A text that compresses, of so many bytes, different for each `seed`. */
function text(length: number, seed: number): Buffer {
  let out = ''
  for (let state = seed + 1; out.length < length; state = (state * 48_271) % 0x7fff_ffff)
    out += `line ${state % 5000} of ${seed}\n`
  return Buffer.from(out).subarray(0, length)
}

/** Every blob that a pack's header names, opened; fails where the index says anything else. */
async function readPacks(repository: IndexedRepository): Promise<Map<string, Buffer>> {
  const sealer = new Sealer(repository.key)
  const contents = new Map<string, Buffer>()
  const packs = await repository.storage.list('pack')
  expect(packs.map(({ name }) => name).toSorted()).toEqual([...repository.index.packIds()].toSorted())
  for (const { name, size } of packs) {
    const pack = parseId(name)
    const blobs = await readPackHeader(repository.storage, sealer, pack, size)
    expect(repository.index.pack(pack)?.blobs.toSorted(byOffset)).toEqual(blobs)
    const bytes = await repository.storage.load('pack', pack)
    expect(idOf(bytes)).toBe(pack)
    for (const blob of blobs) {
      const content = openBlob(sealer, bytes.subarray(blob.offset, blob.offset + blob.length), blob)
      expect(content.equals(await repository.loadBlob(blob))).toBe(true)
      contents.set(`${blob.type} ${blob.id}`, content)
    }
  }
  return contents
}

function byOffset(a: PackedBlob, b: PackedBlob): number {
  return a.offset - b.offset
}

describe.skipIf(noRestic)('a repository made by restic', () => {
  let source: string
  beforeAll(async () => {
    source = join(folder, 'source')
    await mkdir(join(source, 'sub', 'empty'), { recursive: true })
    await writeFile(join(source, 'text'), text(3 * MIB, 1))
    await writeFile(join(source, 'noise'), randomBytes(2 * MIB))
    await writeFile(join(source, 'zeros'), Buffer.alloc(9 * MIB))
    await writeFile(join(source, 'nothing'), '')
    for (let i = 0; i < 200; i++) await writeFile(join(source, 'sub', `small ${i}`), text(i * 7, i))
  })

  it.each([
    { version: 1, compression: 'auto' },
    { version: 2, compression: 'off' },
    { version: 2, compression: 'auto' },
    { version: 2, compression: 'max' },
  ] as const)(
    'is read, every blob of it: version $version, compression $compression',
    { timeout: TIMEOUT },
    async ({ version, compression }) => {
      const location = join(folder, `restic-${version}-${compression}`)
      await restic(location, 'init', '--repository-version', String(version))
      const compress = version === 1 ? [] : ['--compression', compression]
      await restic(location, 'backup', ...compress, source)
      await writeFile(join(source, 'more'), text(MIB, 99))
      await restic(location, 'backup', ...compress, source)

      const open = await openRepository({ storage: location, password: PASSWORD })
      expect(JSON.parse((await restic(location, 'cat', 'config')).toString())).toEqual({
        version: open.config.version,
        id: open.config.id,
        chunker_polynomial: open.config.chunkerPolynomial.toString(16),
      })
      expect((await open.snapshots()).map(({ paths }) => paths)).toEqual([[source], [source]])

      const repository = await open.loadIndex()
      const contents = await readPacks(repository)
      expect([...contents.keys()].toSorted()).toEqual(await resticLines(location, 'list', 'blobs'))
      expect([...contents].every(([name, content]) => name.endsWith(idOf(content)))).toBe(true)
      const sampled = ['data', 'tree'].map((type) => [...contents].find(([name]) => name.startsWith(type)))
      for (const [name, content] of sampled.filter((blob) => blob !== undefined)) {
        expect((await restic(location, 'cat', 'blob', name.slice(5))).equals(content)).toBe(true)
      }
      await open.close()
    },
  )

  it('is opened with any of its keys, and with no other password', { timeout: TIMEOUT }, async () => {
    const location = join(folder, 'restic-keys')
    await restic(location, 'init')
    const file = join(folder, 'second-password')
    await writeFile(file, 'second')
    await restic(location, 'key', 'add', '--new-password-file', file)
    for (const password of [PASSWORD, 'second']) {
      await (await openRepository({ storage: location, password })).close()
    }
    await expect(openRepository({ storage: location, password: 'third' })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_VARVE_WRONG_PASSWORD' }),
    )
  })
})

/** Blobs of all sizes and kinds that a frame can differ in. */
const DATA = [
  Buffer.alloc(0),
  Buffer.from('x'),
  ...[2, 17, 255, 256, 257, 1200, 65_535, 65_536, 131_072, 524_288, 524_289, 3 * MIB, 8 * MIB].flatMap((size) => [
    text(size, size),
    randomBytes(size),
    Buffer.alloc(size, 0x20),
  ]),
]

async function fill(repository: OpenRepository): Promise<readonly string[]> {
  const trees = [encodeTree([]), text(100, 1), text(MIB, 2)]
  const data = await storeBlobs(repository, 'data', DATA)
  const stored = await storeBlobs(repository, 'tree', trees)
  return [...data.ids.map((id) => `data ${id}`), ...stored.ids.map((id) => `tree ${id}`)]
}

async function ours(name: string, version: 1 | 2, compression: Compression): Promise<OpenRepository> {
  return createRepository({
    storage: `local:${join(folder, name)}`,
    password: PASSWORD,
    version,
    compression,
    kdf: CHEAP_KEY,
  })
}

describe.skipIf(noRestic)('a repository made by Varve', () => {
  it.each([
    { version: 1 as const, compression: 'auto' as const },
    ...COMPRESSIONS.map((compression) => ({ version: 2 as const, compression })),
  ])(
    'is read by restic, every blob of it: version $version, compression $compression',
    { timeout: TIMEOUT },
    async ({ version, compression }) => {
      const name = `varve-${version}-${compression}`
      const repository = await ours(name, version, compression)
      const blobs = await fill(repository)
      const location = join(folder, name)
      expect(JSON.parse((await restic(location, 'cat', 'config')).toString())).toMatchObject({
        version,
        id: repository.config.id,
        chunker_polynomial: repository.config.chunkerPolynomial.toString(16),
      })
      expect(await resticLines(location, 'list', 'blobs')).toEqual(blobs.toSorted())
      expect((await restic(location, 'check', '--read-data')).toString()).toContain('no errors were found')
      const largest = idOf(DATA.at(-3) ?? Buffer.alloc(0))
      expect(idOf(await restic(location, 'cat', 'blob', largest))).toBe(largest)
      await repository.close()
    },
  )

  it('is opened by restic with the key that a user would get', { timeout: TIMEOUT }, async () => {
    const location = join(folder, 'varve-key')
    await (await createRepository({ storage: `local:${location}`, password: PASSWORD })).close()
    expect(await resticLines(location, 'list', 'keys')).toHaveLength(1)
    const file = join(folder, 'another-password')
    await writeFile(file, 'another')
    await restic(location, 'key', 'add', '--new-password-file', file)
    await (await openRepository({ storage: location, password: 'another' })).close()
  })

  it.skipIf(noRustic)('is read by rustic', { timeout: TIMEOUT }, async () => {
    const repository = await ours('varve-rustic', 2, 'auto')
    await fill(repository)
    const env = { ...process.env, RUSTIC_PASSWORD: PASSWORD, RUSTIC_CACHE_DIR: join(folder, 'rustic') }
    const { stderr, stdout } = await run(RUSTIC, ['-r', join(folder, 'varve-rustic'), 'check', '--read-data'], { env })
    expect(stderr + stdout).not.toMatch(/error/i)
    await repository.close()
  })
})

describe.skipIf(noRestic)('locks', () => {
  it('of Varve keep restic out', { timeout: TIMEOUT }, async () => {
    const repository = await ours('varve-locks', 2, 'auto')
    const location = join(folder, 'varve-locks')
    await withLock(repository, { exclusive: true }, async () => {
      const [id] = await resticLines(location, 'list', 'locks', '--no-lock')
      const lock: unknown = JSON.parse((await restic(location, 'cat', 'lock', id ?? '', '--no-lock')).toString())
      expect(lock).toMatchObject({ exclusive: true, pid: process.pid })
      await expect(restic(location, 'check')).rejects.toThrow(/already locked exclusively by PID/)
    })
    await withLock(repository, { exclusive: false }, async () => {
      await expect(restic(location, 'prune')).rejects.toThrow(/already locked by PID/)
      await restic(location, 'unlock')
      await expect(restic(location, 'prune')).rejects.toThrow(/already locked by PID/)
      await restic(location, 'snapshots')
    })
    await restic(location, 'prune')
    await repository.close()
  })

  it('of restic keep Varve out, until they are stale', { timeout: TIMEOUT }, async () => {
    const repository = await ours('restic-locks', 2, 'auto')
    const env = { ...process.env, RESTIC_PASSWORD: PASSWORD }
    const args = ['-r', join(folder, 'restic-locks'), '--no-cache', 'backup', '--stdin', '--quiet']
    const backup = spawn(RESTIC, args, { env, stdio: ['pipe', 'ignore', 'ignore'] })
    try {
      // It reads what never comes; its lock appears soon.
      while ((await repository.storage.list('lock')).length === 0) await new Promise(setImmediate)
      const locked = expect.objectContaining({ code: 'ERR_VARVE_LOCKED' })
      await expect(withLock(repository, { exclusive: true }, async () => 'done')).rejects.toThrow(locked)
      expect(await withLock(repository, { exclusive: false }, async () => 'done')).toBe('done')
      expect(await removeStaleLocks(repository)).toBe(0)
    } finally {
      backup.kill('SIGKILL')
    }
    await once(backup, 'exit')
    expect(await removeStaleLocks(repository)).toBe(1)
    expect(await withLock(repository, { exclusive: true }, async () => 'done')).toBe('done')
    await repository.close()
  })
})
