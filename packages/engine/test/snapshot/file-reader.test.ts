import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'
import { once } from 'node:events'
import {
  appendFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { ChunkStream } from '../../src/chunking/chunk-stream.ts'
import { FixedChunker } from '../../src/chunking/fixed.ts'
import { createChunker } from '../../src/chunking/create-chunker.ts'
import { toFsPath } from '@varve/platform/file-name'
import { readFileChunks, type FileReading } from '../../src/snapshot/file-reader.ts'
import type { FileToSave } from '../../src/snapshot/save-jobs.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'

let file = ''
beforeEach(() => {
  file = join(scratchFolder(), 'file')
})

const MIB = 1024 * 1024
const chunks = new ChunkStream(new FixedChunker(3 * MIB))

function scanned(path = file): FileToSave {
  const { size, mtimeNs, ctimeNs, ino } = lstatSync(toFsPath(path), { bigint: true })
  return { path, size, mtimeNs, ctimeNs, ino }
}

/** Reads a file as it was scanned; `meddle` is called once, when the first chunk has been read. */
function read(scan = scanned(), meddle: () => void = () => undefined): FileReading & { readonly content: Buffer } {
  const pieces: Buffer[] = []
  const reading = readFileChunks(scan, chunks, (chunk) => {
    if (pieces.length === 0) meddle()
    pieces.push(Buffer.from(chunk))
  })
  return { ...reading, content: Buffer.concat(pieces) }
}

test('what nobody touches is read whole and as it was scanned', () => {
  for (const size of [0, 1, 3 * MIB - 1, 3 * MIB, 3 * MIB + 1, 10 * MIB]) {
    const content = noise(size, 1)
    writeFileSync(file, content)
    const reading = read()
    expect(reading).toMatchObject({ size, found: undefined, changedWhileRead: false })
    expect(reading.content.equals(content)).toBe(true)
  }
})

test('the chunks are those that the chunker cuts, whatever was read before', () => {
  const rabin = new ChunkStream(createChunker({ kind: 'rabin', polynomial: 0x3da3358b4dc173n }))
  const lengths = (): number[] => {
    const all: number[] = []
    readFileChunks(scanned(), rabin, (chunk) => all.push(chunk.length))
    return all
  }
  writeFileSync(file, noise(12 * MIB, 2))
  const first = lengths()
  expect(first.length).toBeGreaterThan(4)
  writeFileSync(file, noise(MIB + 4321, 3))
  lengths()
  writeFileSync(file, noise(12 * MIB, 2))
  expect(lengths()).toEqual(first)
})

test('a name that is not UTF-8 is opened', () => {
  const odd = `${file}\udcff`
  writeFileSync(toFsPath(odd), 'content')
  expect(read(scanned(odd)).content.toString()).toBe('content')
})

describe('what changed since the scan', () => {
  test.each<[string, () => void]>([
    ['written to', () => writeFileSync(file, 'same size')],
    ['touched', () => utimesSync(file, 1, 1)],
    [
      'linked',
      () => {
        rmSync(`${file}2`, { force: true })
        linkSync(file, `${file}2`)
      },
    ],
    [
      'replaced',
      () => {
        writeFileSync(`${file}2`, '123456789')
        renameSync(`${file}2`, file)
      },
    ],
  ])('%s: it is read as it is, and found to be another', (_, meddle) => {
    writeFileSync(file, '123456789')
    utimesSync(file, 1000, 1000)
    const scan = scanned()
    // The clock of a file system ticks every few milliseconds.
    do meddle()
    while (scanned().ctimeNs === scan.ctimeNs)
    const reading = read(scan)
    const { size, mtimeNs, ctimeNs, ino } = statSync(file, { bigint: true })
    expect(reading.found).toEqual({ size, mtimeNs, ctimeNs, ino })
    expect(reading.changedWhileRead).toBe(false)
    expect(reading.size).toBe(9)
  })

  test('grown and shrunk: all of it is read, and no more', () => {
    writeFileSync(file, 'short')
    const scan = scanned()
    writeFileSync(file, 'longer than before')
    expect(read(scan)).toMatchObject({ size: 18, changedWhileRead: false })
    writeFileSync(file, '')
    expect(read(scan)).toMatchObject({ size: 0, changedWhileRead: false })
  })
})

describe('what changes while it is read', () => {
  const content = noise(20 * MIB, 4)
  beforeEach(() => {
    writeFileSync(file, content)
    utimesSync(file, 1000, 1000)
  })

  test('growing: what was there when reading began is read', () => {
    const reading = read(scanned(), () => appendFileSync(file, 'more'))
    expect(reading).toMatchObject({ size: content.length, found: undefined, changedWhileRead: true })
    expect(reading.content.equals(content)).toBe(true)
  })

  test('shrinking: what is left is read', () => {
    const reading = read(scanned(), () => truncateSync(file, 9 * MIB))
    expect(reading).toMatchObject({ size: 9 * MIB, found: undefined, changedWhileRead: true })
    expect(reading.content.equals(content.subarray(0, 9 * MIB))).toBe(true)
  })

  test('emptied: what was read by then is what there is', () => {
    const reading = read(scanned(), () => truncateSync(file, 0))
    expect(reading.changedWhileRead).toBe(true)
    expect(reading.content.equals(content.subarray(0, reading.size))).toBe(true)
  })

  test('written over: noticed, although the size is the same', () => {
    const reading = read(scanned(), () => writeFileSync(file, noise(20 * MIB, 5), { flag: 'r+' }))
    expect(reading).toMatchObject({ size: content.length, changedWhileRead: true })
  })

  test('removed: what is open is read to its end', () => {
    const reading = read(scanned(), () => rmSync(file))
    expect(reading.size).toBe(content.length)
    expect(reading.content.equals(content)).toBe(true)
  })
})

describe('what is no file any more', () => {
  const noFile = expect.objectContaining({ code: 'ERR_VARVE_SOURCE', message: 'it is no regular file any more' })

  test.each<[string, () => void]>([
    ['a symbolic link', () => symlinkSync('/etc/passwd', file)],
    ['a symbolic link to nowhere', () => symlinkSync('nowhere', file)],
    ['a folder', () => mkdirSync(file)],
    ['a FIFO that nobody writes to', () => execFileSync('mkfifo', [file])],
  ])('%s is not opened, or not read', (_, replace) => {
    writeFileSync(file, 'file')
    const scan = scanned()
    rmSync(file)
    replace()
    expect(() => read(scan)).toThrow(noFile)
  })

  test('a device', () => {
    writeFileSync(file, 'file')
    expect(() => read({ ...scanned(), path: '/dev/zero' })).toThrow(noFile)
  })

  test('a socket', async () => {
    writeFileSync(file, 'file')
    const scan = scanned()
    rmSync(file)
    const server = createServer().listen(file)
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    expect(() => read(scan)).toThrow(noFile)
  })

  test('what is gone fails with what the system says', () => {
    writeFileSync(file, 'file')
    const scan = scanned()
    rmSync(file)
    expect(() => read(scan)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })
})
