import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { nameFromBytes, toFsPath } from '../src/file-name.ts'
import { writeDurably } from '../src/write-durably.ts'
import { scratchFolder } from '../../../test/scratch-folder.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = scratchFolder()
  path = join(folder, 'file')
})

/** As the system says it. */
function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something of the disk, write`), { code, errno: -1, syscall: 'write' })
}

function names(): readonly string[] {
  return readdirSync(toFsPath(folder), { encoding: 'buffer' }).map((name) => nameFromBytes(name))
}

function writeNew(file: FileHandle): Promise<void> {
  return file.appendFile('new')
}

/** Writes `new`, with a disk that fails to flush it. */
async function writeUnflushed(code: string): Promise<void> {
  await writeDurably(path, async (file) => {
    await writeNew(file)
    file.sync = () => Promise.reject(systemError(code))
  })
}

test('a file has what was written, and nothing else is left; what writing returned comes back', async () => {
  const bytes = Buffer.alloc(3_000_000, 'content ')
  expect(await writeDurably(path, async (file) => (await file.write(bytes)).bytesWritten)).toBe(bytes.length)
  expect(readFileSync(path).equals(bytes)).toBe(true)
  expect(names()).toEqual(['file'])
})

test('a name that is not UTF-8 is as good as any other', async () => {
  await writeDurably(join(folder, 'not \udcff utf-8'), (file) => file.appendFile('content'))
  expect(names()).toEqual(['not \udcff utf-8'])
})

test('a file that is replaced has its old bytes until it has all new ones, also for those who have it open', async () => {
  writeFileSync(path, 'old')
  const open = openSync(path, 'r')
  onTestFinished(() => closeSync(open))
  const seen: string[] = []
  const look = (): void => void seen.push(readFileSync(path, 'latin1'))
  await writeDurably(path, async (file) => {
    await file.appendFile('n')
    look()
    await file.appendFile('ew')
    const sync = file.sync.bind(file)
    // Flushed before it takes its place: otherwise a power failure leaves a file that is empty.
    file.sync = async () => {
      await sync()
      look()
    }
  })
  look()
  expect(seen).toEqual(['old', 'old', 'new'])
  const bytes = Buffer.alloc(10)
  expect(bytes.toString('latin1', 0, readSync(open, bytes))).toBe('old')
})

describe.each([false, true])('what was there before: %s', (existed) => {
  beforeEach(() => {
    if (existed) writeFileSync(path, 'old')
  })

  function expectUntouched(): void {
    expect(names()).toEqual(existed ? ['file'] : [])
    expect(existed ? readFileSync(path, 'latin1') : undefined).toBe(existed ? 'old' : undefined)
  }

  test('stays, and nothing else, when the writer gives up, whose error is passed on', async () => {
    const error = new Error('given up')
    await expect(
      writeDurably(path, async (file) => {
        await file.appendFile('ne')
        throw error
      }),
    ).rejects.toBe(error)
    expectUntouched()
  })

  test('stays, and nothing else, when the disk fails while it is written', async () => {
    const cause = systemError('ENOSPC')
    await expect(writeDurably(path, () => Promise.reject(cause))).rejects.toMatchObject({
      code: 'ERR_VARVE_STORAGE',
      message: expect.stringContaining(`'${path}'`),
      cause,
    })
    expectUntouched()
  })

  test('stays, and nothing else, when the disk fails to flush', async () => {
    await expect(writeUnflushed('EIO')).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
    expectUntouched()
  })

  test('makes way where the file system has no way to flush', async () => {
    await writeUnflushed('ENOTSUP')
    expect(readFileSync(path, 'latin1')).toBe('new')
  })
})

test('where a folder is in the way it stays, and nothing else', async () => {
  mkdirSync(join(path, 'inner'), { recursive: true })
  await expect(writeDurably(path, writeNew)).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
  expect(names()).toEqual(['file'])
  expect(readdirSync(path)).toEqual(['inner'])
})

test('where there is no folder for it, nothing is written', async () => {
  let isAsked = false
  const writing = writeDurably(join(path, 'inner'), async () => {
    isAsked = true
  })
  await expect(writing).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
  expect(isAsked).toBe(false)
})
