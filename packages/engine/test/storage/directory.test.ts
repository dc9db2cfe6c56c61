import { rmSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { DirectoryStorage } from '../../src/storage/directory.ts'
import { describeStorage } from './contract.ts'
import { expectSame } from './expectations.ts'
import { contentOf, nameOf } from './numbered-objects.ts'
import { temporaryFolder } from './temporary-folder.ts'

describeStorage('directory', {
  create: (folder) => DirectoryStorage.create(join(folder, 'repository')),
  open: (folder) => DirectoryStorage.open(join(folder, 'repository')),
})

/** A repository with a config in a new folder, and where it is. */
async function create(): Promise<{ root: string; storage: DirectoryStorage }> {
  const root = join(await temporaryFolder(), 'repository')
  const storage = await DirectoryStorage.create(root)
  onTestFinished(() => storage.close())
  await storage.save('config', '', Buffer.from('config'))
  return { root, storage }
}

async function permissions(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

async function temporaryFilesIn(root: string): Promise<readonly string[]> {
  return (await readdir(root, { recursive: true })).filter((path) => path.includes('-tmp-'))
}

test('a new repository has the folders of the layout, all only for the owner', async () => {
  const { root } = await create()
  const hex = '0123456789abcdef'.split('')
  const data = hex.flatMap((high) => hex.map((low) => join('data', high + low)))
  const folders = ['data', 'index', 'keys', 'locks', 'snapshots', ...data]
  expect((await readdir(root, { recursive: true })).toSorted()).toEqual(['config', ...folders].toSorted())
  for (const folder of ['.', ...folders]) expect(await permissions(join(root, folder))).toBe(0o700)
})

test('objects are files in the layout that nobody can write to', async () => {
  const { root, storage } = await create()
  const name = nameOf(1)
  const places = {
    key: `keys/${name}`,
    lock: `locks/${name}`,
    snapshot: `snapshots/${name}`,
    index: `index/${name}`,
    pack: `data/${name.slice(0, 2)}/${name}`,
  } as const
  for (const type of ['key', 'lock', 'snapshot', 'index', 'pack'] as const) {
    await storage.save(type, name, Buffer.from(type))
    expect(await readFile(join(root, places[type]), 'utf8')).toBe(type)
    expect(await permissions(join(root, places[type]))).toBe(0o400)
  }
  expect(await readFile(join(root, 'config'), 'utf8')).toBe('config')
  expect(await permissions(join(root, 'config'))).toBe(0o400)
})

test('where the group may read the config, it may read what is saved', async () => {
  const { root, storage } = await create()
  await storage.close()
  await chmod(join(root, 'config'), 0o440)
  await rm(join(root, 'locks'), { recursive: true })
  const again = await DirectoryStorage.open(root)
  onTestFinished(() => again.close())
  await again.save('lock', nameOf(1), Buffer.from('lock'))
  expect(await permissions(join(root, 'locks', nameOf(1)))).toBe(0o440)
})

test('folders that are missing are empty, and made when they are needed', async () => {
  const { root, storage } = await create()
  const name = nameOf(1)
  await rm(join(root, 'data'), { recursive: true })
  await rm(join(root, 'locks'), { recursive: true })
  for (const type of ['pack', 'lock'] as const) {
    expect(await storage.list(type)).toEqual([])
    expect(await storage.stat(type, name)).toBeUndefined()
    await expect(storage.load(type, name)).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
    await expect(storage.remove(type, name)).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
    await storage.reclaim()
    await storage.save(type, name, Buffer.from(type))
    expect(await storage.list(type)).toEqual([{ name, size: 4 }])
  }
  expect(await permissions(join(root, 'data', name.slice(0, 2)))).toBe(0o700)
})

test('what is no object is not listed', async () => {
  const { root, storage } = await create()
  const name = nameOf(1)
  const folder = join(root, 'data', name.slice(0, 2))
  await storage.save('pack', name, Buffer.from('pack'))
  await writeFile(join(folder, `${nameOf(2)}-tmp-1234567`), 'half')
  await writeFile(join(folder, 'README'), 'x')
  await writeFile(join(folder, name.toUpperCase()), 'x')
  await mkdir(join(folder, name.slice(0, 2) + 'f'.repeat(62)))
  // Neither where no client looks for a pack.
  await writeFile(join(root, 'data', 'ff', `00${'f'.repeat(62)}`), 'x')
  await writeFile(join(root, 'data', nameOf(3)), 'x')
  await mkdir(join(root, 'data', 'zz'))
  await writeFile(join(root, 'data', 'zz', `zz${'f'.repeat(62)}`), 'x')
  await rm(join(root, 'data', 'ee'), { recursive: true })
  await writeFile(join(root, 'data', 'ee'), 'a file where a folder belongs')
  expect(await storage.list('pack')).toEqual([{ name, size: 4 }])
})

test('left-over temporary files are removed once they are older than a day', async () => {
  const { root, storage } = await create()
  await storage.save('pack', nameOf(1), contentOf(1))
  const old = new Date(Date.now() - 25 * 60 * 60 * 1000)
  const left = [`config-tmp-1`, `locks/${nameOf(2)}-tmp-22`, `data/${nameOf(3).slice(0, 2)}/${nameOf(3)}-tmp-333`]
  for (const path of left) {
    await writeFile(join(root, path), 'half')
    await utimes(join(root, path), old, old)
  }
  const kept = [`index/${nameOf(4)}-tmp-young`, 'index/my-tmp-notes', 'notes-tmp-1']
  for (const path of kept) await writeFile(join(root, path), 'half')
  for (const path of kept.slice(1)) await utimes(join(root, path), old, old)
  await storage.reclaim()
  expect((await temporaryFilesIn(root)).toSorted()).toEqual(kept.toSorted())
  expectSame(await storage.load('pack', nameOf(1)), contentOf(1))
})

test('a save that fails leaves neither the name nor a temporary file', async () => {
  const { root, storage } = await create()
  const inTheWay = join(root, 'snapshots', nameOf(1))
  await mkdir(inTheWay)
  await writeFile(join(inTheWay, 'file'), 'x')
  await expect(storage.save('snapshot', nameOf(1), Buffer.from('x'))).rejects.toMatchObject({
    code: 'ERR_VARVE_STORAGE',
    message: expect.stringContaining(`cannot save snapshot ${nameOf(1).slice(0, 8)}: `),
    cause: expect.any(Error),
  })
  await rm(join(root, 'data'), { recursive: true })
  await writeFile(join(root, 'data'), 'a file where a folder belongs')
  await expect(storage.save('pack', nameOf(1), Buffer.from('x'))).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
  expect(await temporaryFilesIn(root)).toEqual([])
  expect(await storage.list('snapshot')).toEqual([])
})

test('a disk that was unplugged is no empty repository, and none is made in its place', async () => {
  const { root, storage } = await create()
  await storage.save('snapshot', nameOf(1), Buffer.from('x'))
  await rename(root, `${root}-elsewhere`)
  const gone = { code: 'ERR_VARVE_STORAGE', message: expect.stringMatching(/has vanished/), hint: expect.any(String) }
  for (const type of ['snapshot', 'pack'] as const) await expect(storage.list(type)).rejects.toMatchObject(gone)
  for (const type of ['snapshot', 'pack'] as const) {
    await expect(storage.save(type, nameOf(2), Buffer.from('x'))).rejects.toMatchObject(gone)
  }
  await expect(storage.save('config', '', Buffer.from('x'))).rejects.toMatchObject(gone)
  await expect(stat(root)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('an object that cannot be read is a failure of storage, not a missing one', async () => {
  const { root, storage } = await create()
  await mkdir(join(root, 'index', nameOf(1)))
  await expect(storage.load('index', nameOf(1))).rejects.toMatchObject({
    code: 'ERR_VARVE_STORAGE',
    message: expect.stringContaining(`cannot load index ${nameOf(1).slice(0, 8)}: `),
  })
})

test('where a repository already is none is made; where making one was interrupted it is', async () => {
  const { root, storage } = await create()
  await storage.close()
  await expect(DirectoryStorage.create(root)).rejects.toMatchObject({
    code: 'ERR_VARVE_REPOSITORY_EXISTS',
    message: expect.stringContaining(root),
  })
  await rm(join(root, 'config'))
  await rm(join(root, 'keys'), { recursive: true })
  const again = await DirectoryStorage.create(root)
  onTestFinished(() => again.close())
  expect(await again.list('key')).toEqual([])
  expect(await readdir(root)).toContain('keys')
})

test('what a snapshot has to leave out is named by its real path too', async () => {
  const { root, storage } = await create()
  await symlink(root, `${root}-link`)
  const linked = await DirectoryStorage.open(`${root}-link`)
  onTestFinished(() => linked.close())
  expect(storage.localPaths).toEqual([root])
  expect(linked.localPaths).toEqual([`${root}-link`, root])
})

test('bytes that were said to be taken may change before they are durable', async () => {
  const { root, storage } = await create()
  await rm(join(root, 'data'), { recursive: true })
  for (const n of [1, 2]) {
    const bytes = contentOf(n)
    let times = 0
    await storage.save('pack', nameOf(n), bytes, () => {
      times++
      bytes.fill(0)
    })
    expect(times).toBe(1)
    expectSame(await storage.load('pack', nameOf(n)), contentOf(n))
  }
})

test('bytes that were taken are not written again, whatever becomes of them', async () => {
  const { root, storage } = await create()
  const bytes = contentOf(1)
  const saving = storage.save('pack', nameOf(1), bytes, () => {
    bytes.fill(0)
    rmSync(join(root, 'data'), { recursive: true })
  })
  await expect(saving).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
  expect(await storage.stat('pack', nameOf(1))).toBeUndefined()
})
