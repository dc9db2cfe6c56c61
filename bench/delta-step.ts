/*
 * One step of a delta, as a process of its own to be measured: `node --conditions=varve-source bench/delta-step.ts STEP FILE…`. See delta.ts beside it.
 */
import { createReadStream, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import {
  applyDelta,
  applyLibrsyncDelta,
  computeDelta,
  computeLibrsyncDelta,
  computeLibrsyncSignature,
  decodeLibrsyncSignature,
  decodeSignature,
  encodeLibrsyncSignature,
  encodeSignature,
  openFile,
  signatureOfFile,
} from '../packages/delta/src/index.ts'

const PIECE = 1024 * 1024

const [step = '', first = '', second = '', third = '', blockSize = ''] = process.argv.slice(2)

function stream(path: string) {
  return createReadStream(path, { highWaterMark: PIECE })
}

/** Writes like rdiff: in place, and without waiting for the disk. One piece is on its way while the next is made. */
async function write(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, 'w')
  let written: Promise<unknown> = Promise.resolve()
  for await (const piece of pieces) {
    await written
    written = file.write(piece)
  }
  await written
}

switch (step) {
  case 'signature':
    writeFileSync(second, encodeSignature(await signatureOfFile(first, { blockSize: Number(third) })))
    break
  case 'delta':
    await write(third, computeDelta(decodeSignature(readFileSync(first)), stream(second)))
    break
  case 'patch': {
    await using base = await openFile(first)
    await write(third, applyDelta(base, stream(second)))
    break
  }
  case 'patch-known-base': {
    await using base = await openFile(first)
    const baseDigest = Buffer.from(blockSize, 'hex')
    await write(third, applyDelta(base, stream(second), { baseDigest }))
    break
  }
  case 'librsync-signature':
    writeFileSync(
      second,
      encodeLibrsyncSignature(await computeLibrsyncSignature(stream(first), { blockSize: Number(third) })),
    )
    break
  case 'librsync-delta':
    await write(third, computeLibrsyncDelta(decodeLibrsyncSignature(readFileSync(first)), stream(second)))
    break
  case 'librsync-patch': {
    await using base = await openFile(first)
    await write(third, applyLibrsyncDelta(base, stream(second)))
    break
  }
  default:
    throw new Error(`there is no step ${step}`)
}
