/**
 * What the parts of a repository cost, one thread: `node bench/repository.ts`. Times are the best of several rounds in which
 * all that is compared takes its turn, so that what else the machine does meets all alike.
 */
import { createCipheriv, createMac, randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { BlobClaims } from '../packages/engine/src/repository/blob-claims.ts'
import { BlobIndex } from '../packages/engine/src/repository/blob-index.ts'
import type { PackContents, PackedBlob } from '../packages/engine/src/repository/blob.ts'
import { Compressor, Decompressor, decompressUpTo } from '../packages/engine/src/repository/compression.ts'
import { idFromBytes, idOf } from '../packages/engine/src/repository/id.ts'
import { decodeIndex, encodeIndex } from '../packages/engine/src/repository/index-file.ts'
import { FRESH_PACK_MEMORY } from '../packages/engine/src/repository/pack-memory.ts'
import { PackWriter } from '../packages/engine/src/repository/pack-writer.ts'
import { Sealer } from '../packages/engine/src/repository/sealing.ts'

const ROUNDS = 12
const MIB = 1024 * 1024
/** Bytes of a small file, as an installed npm tree has them on average. */
const SMALL = 1200

/** Microseconds that each of these takes, at its best. */
function compare(title: string, calls: number, candidates: Readonly<Record<string, () => unknown>>): void {
  const best = new Map<string, number>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(candidates)) {
      const start = performance.now()
      for (let call = 0; call < calls; call++) work()
      best.set(name, Math.min(best.get(name) ?? Infinity, ((performance.now() - start) * 1000) / calls))
    }
  }
  report(title, Array.from(best, ([name, time]) => `${name} ${time.toFixed(time < 100 ? 2 : 0)} µs`).join(', '))
}

function report(title: string, text: string): void {
  process.stdout.write(`${title.padEnd(34)} ${text}\n`)
}

function milliseconds(work: () => unknown): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

/** What compresses to a third or so: lines of numbers and words. */
function text(length: number): Buffer {
  let out = ''
  for (let state = 1; out.length < length; state = (state * 48_271) % 0x7fff_ffff) {
    out += `  const value${state % 977} = compute(${state}, 'name ${state % 89}')\n`
  }
  return Buffer.from(out).subarray(0, length)
}

const key = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) }
const sealer = new Sealer(key)

/** Sealing as the calls of `node:crypto` suggest it, for comparison. */
function sealPlainly(plain: Uint8Array, target: Uint8Array): void {
  const nonce = randomBytes(16)
  const ciphertext = createCipheriv('aes-256-ctr', key.encrypt, nonce).update(plain)
  const block = createCipheriv('aes-128-ecb', key.macK, null).setAutoPadding(false).update(nonce)
  const tag = createMac('poly1305', Buffer.concat([key.macR, block]))
    .update(ciphertext)
    .final()
  target.set(nonce)
  target.set(ciphertext, 16)
  target.set(tag, 16 + plain.length)
}

function benchSealing(): void {
  for (const [size, calls] of [
    [SMALL, 3000],
    [MIB, 20],
  ] as const) {
    const plain = randomBytes(size)
    const target = Buffer.alloc(size + 32)
    const sealed = sealer.seal(plain)
    compare(`seal ${size} bytes`, calls, {
      sealInto: () => sealer.sealInto(plain, target, 0),
      'call by call': () => sealPlainly(plain, target),
      open: () => sealer.open(sealed),
    })
  }
}

function benchCompression(): void {
  const compressor = new Compressor('auto')
  const decompressor = new Decompressor()
  const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 19 }
  for (const [name, plain, calls] of [
    [`text of ${SMALL} bytes`, text(SMALL), 3000],
    ['text of 1 MiB', text(MIB), 5],
    ['noise of 1 MiB', randomBytes(MIB), 5],
  ] as const) {
    const frame = Buffer.from(compressor.compress(plain))
    compare(`compress ${name}`, calls, {
      Compressor: () => compressor.compress(plain),
      zstdCompressSync: () => zstdCompressSync(plain, { params }),
    })
    compare(`decompress ${name}`, calls, {
      Decompressor: () => decompressor.decompress(frame, plain.length),
      zstdDecompressSync: () => zstdDecompressSync(frame, { maxOutputLength: plain.length }),
    })
  }
  const code = text(MIB)
  for (const compression of ['fastest', 'auto', 'better', 'max'] as const) {
    const each = new Compressor(compression)
    const { length } = each.compress(code)
    report(
      `compress 1 MiB of text, ${compression}`,
      `${length} bytes, ${milliseconds(() => each.compress(code)).toFixed(1)} ms`,
    )
  }
}

function benchPacks(): void {
  const writer = new PackWriter('data', { version: 2, key, compression: 'auto' }, FRESH_PACK_MEMORY)
  const plains = Array.from({ length: 1000 }, (_, i) => text(SMALL + i).subarray(i))
  const blobs = plains.map((plain) => ({ id: idOf(plain), plain }))
  let next = 0
  compare('add a small blob to a pack', 5000, {
    'PackWriter.add': () => {
      const blob = blobs[next++ % blobs.length]
      if (blob !== undefined) writer.add(blob.id, blob.plain)
      if (writer.full) writer.finish()
    },
  })
}

/** A pack of `count` blobs that nobody stored. */
function imaginaryPack(count: number): PackContents {
  const ids = randomBytes((count + 1) * 32)
  const blobs = Array.from({ length: count }, (_, i): PackedBlob => {
    return { type: 'data', id: idFromBytes(ids, i * 32), offset: i * 500, length: 500, uncompressedLength: SMALL + i }
  })
  return { id: idFromBytes(ids, count * 32), blobs }
}

function benchIndex(): void {
  const file = Array.from({ length: 50 }, () => imaginaryPack(1000))
  const json = encodeIndex(file)
  const frame = Buffer.from(new Compressor('auto').compress(json))
  compare('index file of 50,000 blobs', 1, {
    encode: () => encodeIndex(file),
    decode: () => decodeIndex(json, idOf(json)),
    'decompress it': () => decompressUpTo(frame, json.length),
  })

  const count = 1_000_000
  const index = new BlobIndex()
  const packs = Array.from({ length: count / 1000 }, () => imaginaryPack(1000))
  const adding = milliseconds(() => {
    for (const pack of packs) index.add(pack)
  })
  report(
    'index of a million blobs',
    `${(index.byteLength / count).toFixed(1)} bytes a blob, added in ${adding.toFixed(0)} ms`,
  )
  const known = packs.flatMap(({ blobs }) => blobs.map(({ id }) => id))
  const knownBytes = Buffer.from(known.join(''), 'hex')
  const otherBytes = randomBytes(knownBytes.length)
  let next = 0
  const step = (): number => (next = (next + 7919) % count)
  compare('look up one of a million blobs', 50_000, {
    lookup: () => index.lookup('data', known[step()] ?? idOf(json)),
    'hasBytes, there': () => index.hasBytes('data', knownBytes, step() * 32),
    'hasBytes, not there': () => index.hasBytes('data', otherBytes, step() * 32),
  })
  const claims = BlobClaims.create(index)
  const claiming = milliseconds(() => {
    for (let i = 0; i < count; i++) claims.claim('data', otherBytes.subarray(i * 32, (i + 1) * 32))
  })
  report('claim a million blobs', `${((claiming * 1000) / count).toFixed(2)} µs each`)
}

benchSealing()
benchCompression()
benchPacks()
benchIndex()
