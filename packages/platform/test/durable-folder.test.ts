import { chmodSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { flush, flushFolder, flushReadableFolder, makeFolder } from '../src/durable-folder.ts'
import { nameFromBytes, toFsPath } from '../src/file-name.ts'
import { scratchFolder } from '../../../test/scratch-folder.ts'

/** Any account but root's. */
const NOBODY = 65534

let folder: string

beforeEach(() => {
  folder = scratchFolder()
})

/** A file that is open, and whose flushes fail. */
async function fileThatFails(code: string): Promise<FileHandle> {
  const file = await open(join(folder, 'file'), 'w')
  onTestFinished(() => file.close())
  file.sync = () => Promise.reject(Object.assign(new Error(`${code}: fsync`), { code, errno: -1, syscall: 'fsync' }))
  return file
}

describe('flush', () => {
  test.each(['EINVAL', 'ENOTSUP', 'ENOTTY', 'EISDIR', 'EPERM'])(
    'lets it be where a file system has no way: %s',
    async (code) => {
      await expect(flush(await fileThatFails(code))).resolves.toBeUndefined()
    },
  )

  test.each(['EIO', 'ENOSPC', 'EDQUOT', 'EBADF'])('tells of a disk that fails: %s', async (code) => {
    await expect(flush(await fileThatFails(code))).rejects.toMatchObject({ code })
  })
})

describe('flushFolder', () => {
  test('takes a folder whose name is not UTF-8', async () => {
    mkdirSync(toFsPath(join(folder, '\udcff')))
    await expect(flushFolder(join(folder, '\udcff'))).resolves.toBeUndefined()
  })

  test('tells of a folder that is not there', async () => {
    await expect(flushFolder(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(flushReadableFolder(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test.skipIf(process.geteuid?.() !== 0)("of somebody else's is their business", async () => {
    chmodSync(folder, 0o711)
    process.seteuid?.(NOBODY)
    try {
      await expect(flushFolder(folder)).rejects.toMatchObject({ code: 'EACCES' })
      await expect(flushReadableFolder(folder)).resolves.toBeUndefined()
    } finally {
      process.seteuid?.(0)
    }
  })
})

describe('makeFolder', () => {
  test('makes what is missing above it as well, with the permissions that were asked for', async () => {
    const path = join(folder, 'a', 'not \udcff utf-8', 'c')
    await makeFolder(path, 0o700)
    for (const made of [path, join(folder, 'a', 'not \udcff utf-8'), join(folder, 'a')]) {
      expect(lstatSync(toFsPath(made)).mode & 0o777).toBe(0o700)
    }
    const [name] = readdirSync(join(folder, 'a'), { encoding: 'buffer' })
    expect(name === undefined ? '' : nameFromBytes(name)).toBe('not \udcff utf-8')
  })

  test('leaves a folder that is there as it is', async () => {
    const path = join(folder, 'a')
    mkdirSync(path, { mode: 0o750 })
    writeFileSync(join(path, 'file'), 'content')
    await makeFolder(path, 0o700)
    expect(lstatSync(path).mode & 0o777).toBe(0o750)
    expect(readdirSync(path)).toEqual(['file'])
  })

  test('tells where a file is in the way', async () => {
    writeFileSync(join(folder, 'a'), 'content')
    await expect(makeFolder(join(folder, 'a', 'b'), 0o700)).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(makeFolder(join(folder, 'a'), 0o700)).rejects.toMatchObject({ code: 'EEXIST' })
  })
})
