import { randomBytes } from 'node:crypto'
import { lstatSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { ChunkStream } from '../../src/chunking/chunk-stream.ts'
import { createChunker } from '../../src/chunking/create-chunker.ts'
import { cutPiece } from '../../src/chunking/cut-piece.ts'
import { RabinKernel } from '../../src/chunking/rabin-kernel.ts'
import { BlobClaims } from '../../src/repository/blob-claims.ts'
import { BlobIndex } from '../../src/repository/blob-index.ts'
import { SEAL_OVERHEAD } from '../../src/repository/blob.ts'
import { idFromBytes, idOf, idToBytes, type Id } from '../../src/repository/id.ts'
import { FRESH_PACK_MEMORY } from '../../src/repository/pack-memory.ts'
import { PackWriter } from '../../src/repository/pack-writer.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { TreeEncoder } from '../../src/repository/tree-encoding.ts'
import { readFileChunks } from '../../src/snapshot/file-reader.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { bytesPerCall } from './allocations.ts'
import type { CountedCalls } from './counted-calls.ts'
import { fileNode } from './file-node.ts'

/*
 * What is done millions of times must not begin to cost more than it has to. Times say little on a machine that others use; so work is counted:
 * calls to what is expensive, bytes scanned, bytes allocated. A limit that is met leaves room for another version of the engine, not for
 * another call for each file.
 */

const { crypto, files } = await vi.hoisted(async () => {
  const { CountedCalls } = await import('./counted-calls.ts')
  return { crypto: new CountedCalls(), files: new CountedCalls() }
})

vi.mock('node:crypto', async (importOriginal) =>
  crypto.count(await importOriginal<object>(), (name, result) => countUpdates(crypto, name, result)),
)
vi.mock('node:fs', async (importOriginal) => files.count(await importOriginal<object>(), (_, result) => result))

function countUpdates(counts: CountedCalls, name: string, result: unknown): unknown {
  if (name !== 'createCipheriv' || typeof result !== 'object' || result === null) return result
  const update: unknown = Reflect.get(result, 'update')
  if (typeof update !== 'function') return result
  return Object.assign(result, {
    update: (...args: unknown[]): unknown => {
      counts.note('cipher.update')
      return Reflect.apply(update, result, args)
    },
  })
}

/** Bytes that a cutting scans for cuts, and what it returns. */
function scanned(cut: () => number): { bytes: number; chunks: number } {
  const spy = vi.spyOn(RabinKernel.prototype, 'firstCandidate')
  const chunks = cut()
  const bytes = spy.mock.calls.reduce((sum, [from], index) => {
    const to: unknown = spy.mock.results[index]?.value
    return sum + (typeof to === 'number' ? to - from : 0)
  }, 0)
  spy.mockRestore()
  return { bytes, chunks }
}

const MIB = 1024 * 1024
const key = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) }

beforeEach(() => {
  crypto.reset()
  files.reset()
})

describe('chunking', () => {
  const content = noise(40 * MIB, 7)
  const chunker = createChunker({ kind: 'rabin', polynomial: 0x3da3358b4dc173n })

  test('scans each byte once, and the first half megabyte of each chunk never', () => {
    const { bytes, chunks } = scanned(() => {
      const stream = new ChunkStream(chunker)
      let count = 0
      for (let at = 0; at < content.length;) {
        const room = stream.room()
        const length = Math.min(room.length, content.length - at)
        room.set(content.subarray(at, at + length))
        at += length
        stream.fed(length)
        if (at === content.length) stream.end()
        while (stream.next() !== undefined) count++
      }
      return count
    })
    expect(chunks).toBeGreaterThan(10)
    expect(bytes).toBeLessThanOrEqual(content.length - (chunks - 1) * 512 * 1024)
  })

  test('in pieces does so too, but for what is behind the last cut of each', () => {
    let pieces = 0
    const { bytes, chunks } = scanned(() => {
      let count = 0
      for (let at = 0, ended = false; !ended; pieces++) {
        const start = at
        const piece = cutPiece(chunker, content.length - start, (room, position) => {
          const from = start + position
          room.set(content.subarray(from, from + room.length))
          return Math.min(room.length, content.length - from)
        })
        count += piece.chunks.length
        at += piece.length
        ended = piece.ended
      }
      return count
    })
    expect(pieces).toBeLessThan(40)
    expect(bytes).toBeLessThanOrEqual(content.length - (chunks - 1) * 512 * 1024)
  })
})

describe('packing small blobs', () => {
  const blobs = Array.from({ length: 2000 }, (_, index) => {
    const plain = noise(300, index + 1)
    return { id: idOf(plain), plain }
  })

  test('makes no cipher for a blob, and hardly a call', () => {
    const writer = new PackWriter('data', { version: 2, key, compression: 'auto' }, FRESH_PACK_MEMORY)
    crypto.reset()
    for (const { id, plain } of blobs) writer.add(id, plain)
    const { contents } = writer.finish()
    expect(contents.blobs).toHaveLength(blobs.length)
    // The header is long and has a cipher of its own.
    expect(crypto.of('createCipheriv')).toBeLessThanOrEqual(1)
    expect(crypto.of('cipher.update')).toBeLessThan(blobs.length / 20)
    expect(crypto.of('randomFillSync')).toBeLessThan(blobs.length / 100)
    expect(crypto.of('createMac')).toBe(blobs.length + 1)
  })

  test('opening them makes no cipher either', () => {
    const sealer = new Sealer(key)
    const sealed = blobs.map(({ plain }) => sealer.seal(plain))
    crypto.reset()
    for (const bytes of sealed) sealer.openInPlace(bytes)
    expect(crypto.of('createCipheriv')).toBe(0)
    expect(crypto.of('createMac')).toBe(blobs.length)
    expect(crypto.of('cipher.update')).toBe(2 * blobs.length)
  })
})

describe('the index', () => {
  const count = 3000
  const ids: Id[] = []
  const index = new BlobIndex()
  const bytes = randomBytes(count * 32)
  for (let at = 0; at < count; at++) ids.push(idFromBytes(bytes, at * 32))
  index.add({
    id: idFromBytes(randomBytes(32)),
    blobs: ids.map((id, at) => ({ type: 'data', id, offset: at * 100, length: 100, uncompressedLength: 0 })),
  })

  test('is asked without anything being allocated', () => {
    const raw = ids.map((id) => idToBytes(id))
    const unknown = randomBytes(32)
    expect(bytesPerCall((call) => void index.hasBytes('data', raw[call] ?? unknown), count)).toBeLessThan(8)
    expect(bytesPerCall(() => void index.hasBytes('data', unknown), count)).toBeLessThan(8)
  })

  test('gives away a blob once for next to nothing', () => {
    const claims = BlobClaims.create(index)
    const raw = Array.from({ length: count }, () => randomBytes(32))
    for (const id of raw) claims.claim('data', id)
    expect(bytesPerCall((call) => void claims.claim('data', raw[call] ?? raw[0] ?? bytes), count)).toBeLessThan(24)
  })
})

test('a tree is encoded for little more than its text', () => {
  const nodes = Array.from({ length: 500 }, (_, index) => fileNode(index))
  const length = new TreeEncoder()
  for (const node of nodes) length.add(node)
  const perNode = length.finish().length / nodes.length
  let encoder = new TreeEncoder()
  const allocated = bytesPerCall((call) => {
    if (call === 0) encoder = new TreeEncoder()
    const node = nodes[call]
    if (node !== undefined) encoder.add(node)
  }, nodes.length)
  expect(allocated).toBeLessThan(6 * perNode)
})

test('a small file is opened, read, looked at and closed, each once', () => {
  const path = join(scratchFolder(), 'file')
  writeFileSync(path, noise(2000, 1))
  const { size, mtimeNs, ctimeNs, ino } = lstatSync(path, { bigint: true })
  const stream = new ChunkStream(createChunker({ kind: 'fixed', size: MIB }))
  files.reset()
  for (let time = 0; time < 10; time++) readFileChunks({ path, size, mtimeNs, ctimeNs, ino }, stream, () => undefined)
  const calls = ['openSync', 'readSync', 'fstatSync', 'closeSync', 'lstatSync', 'statSync']
  expect(calls.map((name) => files.of(name))).toEqual([10, 10, 10, 10, 0, 0])
})

test('a sealed blob is larger by what the format asks for, and nothing else', () => {
  expect(new Sealer(key).seal(noise(1000, 3))).toHaveLength(1000 + SEAL_OVERHEAD)
})
