import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { currentPlatform } from '@varve/platform'
import { FileMode } from '../../src/repository/file-mode.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { parseTimestamp } from '../../src/repository/timestamp.ts'
import type { SnapshotOptions } from '../../src/snapshot/snapshot-options.ts'
import { abortableStream } from '../../src/snapshot/abortable-stream.ts'
import { collect } from '../fixtures/collect.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'
import { contentOf, madeSnapshot, SnapshotContent, takeSnapshot } from './take-snapshot.ts'

let repository: OpenRepository
beforeEach(async () => {
  repository = await cheapRepository()
})

async function* piecesOf(...pieces: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece)
}

/** A stream that gives one piece and then nothing, for ever. */
async function* endless(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('start')
  await new Promise(() => undefined)
}

function streamed(name: string, stream: AsyncIterable<Uint8Array>, options: SnapshotOptions = {}) {
  return takeSnapshot(repository, { stream: { name, stream }, ...options })
}

async function expectNothingStored(): Promise<void> {
  for (const type of ['snapshot', 'index', 'lock'] as const) expect(await repository.storage.list(type)).toEqual([])
}

describe('a stream', () => {
  test('is a file that belongs to whoever saved it', async () => {
    const time = parseTimestamp('2020-02-02T02:02:02.02+02:00')
    const taken = await streamed('dump', piecesOf('con', '', 'tent'), { time })
    const made = madeSnapshot(taken)
    expect(made).toMatchObject({ paths: ['/dump'], time })
    const content = await SnapshotContent.read(repository, made)
    expect(await content.text('dump')).toBe('content')
    const { uid, gid } = currentPlatform().accounts.currentUser()
    expect(content.node('dump')).toMatchObject({
      type: 'file',
      mode: 0o644,
      mtime: time,
      atime: time,
      ctime: time,
      uid,
      gid,
      user: '',
      group: '',
      size: 7n,
      links: 0n,
      inode: 0n,
    })
    expect(taken.result).toMatchObject({
      parent: undefined,
      problems: 0,
      summary: { filesNew: 1, dirsNew: 0, dataBlobs: 1, treeBlobs: 1, totalBytesProcessed: 7 },
    })
    expect(taken.items).toEqual([{ path: '/dump', type: 'file', action: 'new' }])
  })

  test.each(['a/b/dump', '/a/b/dump', './a//b/./dump'])('of the name %s lies in folders', async (name) => {
    const taken = await streamed(name, piecesOf('content'))
    const made = madeSnapshot(taken)
    expect(made.paths).toEqual(['/a/b/dump'])
    const content = await SnapshotContent.read(repository, made)
    expect(content.paths).toEqual(['a', 'a/b', 'a/b/dump'])
    expect(content.node('a/b')).toMatchObject({ type: 'dir', mode: FileMode.dir + 0o755, content: null, size: 0n })
    expect(await content.text('a/b/dump')).toBe('content')
    expect(taken.result.summary).toMatchObject({ filesNew: 1, dirsNew: 2, treeBlobs: 3 })
    expect(taken.items.map(({ path }) => path)).toEqual(['/a/b/dump', '/a/b', '/a'])
  })

  test.each(['', '/', '.', '..', 'a/..', '../a', 'a/../b', 'a/', 'a\0b', '\0'])('cannot be named %j', async (name) => {
    let touched = false
    const stream = (async function* () {
      touched = true
      yield Buffer.from('content')
    })()
    await expect(streamed(name, stream)).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
    expect(touched).toBe(false)
  })

  test('is cut as a file is, however it comes', async () => {
    const bytes = noise(20_000_000, 1)
    const folder = scratchFolder()
    writeFileSync(join(folder, 'file'), bytes)
    const { content } = (await contentOf(repository, folder)).node('file')
    const ways: Record<string, AsyncIterable<Uint8Array>> = {
      whole: piecesOf(bytes),
      pieces: Readable.from(
        (function* () {
          for (let at = 0; at < bytes.length; at += 65_537) yield bytes.subarray(at, at + 65_537)
        })(),
      ),
      halves: piecesOf(bytes.subarray(0, 9_999_999), '', bytes.subarray(9_999_999)),
    }
    for (const [name, stream] of Object.entries(ways)) {
      const taken = await streamed(name, stream)
      const read = await SnapshotContent.read(repository, madeSnapshot(taken))
      expect(read.node(name).content).toEqual(content)
      expect(taken.result.summary).toMatchObject({ dataBlobs: 0, totalBytesProcessed: bytes.length })
    }
  })

  test('may be changed by its owner once it has gone on', async () => {
    const piece = Buffer.alloc(1000)
    const stream = (async function* () {
      for (let number = 0; number < 9; number++) yield piece.fill(number)
    })()
    const read = await SnapshotContent.read(repository, madeSnapshot(await streamed('dump', stream)))
    const expected = Array.from({ length: 9 }, (_, number) => String.fromCharCode(number).repeat(1000)).join('')
    expect(await read.text('dump')).toBe(expected)
  })

  test('has no parent, and the repository keeps what it knows already', async () => {
    await streamed('dump', piecesOf('content'))
    const { result } = await streamed('dump', piecesOf('content'))
    expect(result).toMatchObject({ parent: undefined, summary: { filesNew: 1, dataBlobs: 0, treeBlobs: 1 } })
  })

  test('is not stored in a dry run', async () => {
    const { result } = await streamed('dump', piecesOf(noise(3_000_000, 2)), { dryRun: true })
    expect(result.summary.dataAdded).toBeGreaterThan(3_000_000)
    expect(await repository.storage.list('pack')).toEqual([])
    expect(await repository.storage.list('snapshot')).toEqual([])
  })
})

describe('a stream that fails', () => {
  test.each<[string, AsyncIterable<Uint8Array>]>([
    ['ends at once', piecesOf()],
    ['has only empty pieces', piecesOf('', '')],
  ])('as it %s leaves no snapshot', async (_, stream) => {
    await expect(streamed('dump', stream)).rejects.toMatchObject({
      code: 'ERR_VARVE_SNAPSHOT_EMPTY',
      message: "there was nothing to save as 'dump'",
    })
    await expectNothingStored()
  })

  test('on its way leaves no snapshot, and says what it said', async () => {
    const stream = (async function* () {
      yield noise(5_000_000, 3)
      throw new Error('the pipe broke')
    })()
    await expect(streamed('dump', stream)).rejects.toThrow('the pipe broke')
    await expectNothingStored()
  })

  test('to go on is left when the snapshot is aborted', async () => {
    const controller = new AbortController()
    const read: number[] = []
    const running = streamed('dump', endless(), {
      signal: controller.signal,
      noLock: false,
      onProgress: ({ bytesDone }) => {
        read.push(bytesDone)
        if (bytesDone > 0) controller.abort()
      },
    })
    await expect(running).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
    expect(read.at(-1)).toBe(5)
    await expectNothingStored()
  })
})

describe('abortableStream', () => {
  test('gives what the stream gives', async () => {
    const pieces = await collect(abortableStream(piecesOf('a', 'b'), new AbortController().signal))
    expect(Buffer.concat(pieces).toString()).toBe('ab')
    expect(await collect(abortableStream(piecesOf('a'), undefined))).toHaveLength(1)
  })

  test('ends a stream that is given up', async () => {
    let ended = false
    const stream = (async function* () {
      try {
        yield 1
        yield 2
      } finally {
        ended = true
      }
    })()
    for await (const piece of abortableStream(stream, undefined)) if (piece === 1) break
    expect(ended).toBe(true)
  })

  test('asks nothing of a stream when it is aborted before', async () => {
    const stream = new PassThrough()
    stream.end('content')
    const aborted = collect(abortableStream<Uint8Array>(stream, AbortSignal.abort()))
    await expect(aborted).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
  })

  test('stops between pieces and while it waits for one', async () => {
    const controller = new AbortController()
    const given: Uint8Array[] = []
    const running = (async () => {
      for await (const piece of abortableStream(endless(), controller.signal)) {
        given.push(piece)
        setImmediate(() => controller.abort(new Error('enough')))
      }
    })()
    await expect(running).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED', cause: new Error('enough') })
    expect(given).toHaveLength(1)
  })
})
