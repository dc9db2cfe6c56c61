/**
 * How fast the Rabin kernel scans, and how fast the chunker cuts, which reads two thirds of the bytes only: `node
 * bench/chunking.ts`. In MB/s, the median of several rounds.
 */
import { randomFillSync } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { RabinChunker } from '../packages/engine/src/chunking/rabin.ts'
import { RabinKernel, WINDOW_SIZE } from '../packages/engine/src/chunking/rabin-kernel.ts'

const POLYNOMIAL = 0x3da3358b4dc173n
const ROUNDS = 15

const chunker = new RabinChunker(POLYNOMIAL)
const { buffer } = chunker
const kernel = new RabinKernel(POLYNOMIAL, buffer.length)

function scanAll(): void {
  for (let from = WINDOW_SIZE; from < buffer.length;) from = kernel.firstCandidate(from, buffer.length) + 1
}

function cutAll(): void {
  for (let start = 0; start < buffer.length;)
    start = chunker.cut(start, Math.min(buffer.length, start + chunker.maxSize))
}

function rate(work: () => void): number {
  const rates = Array.from({ length: ROUNDS }, () => {
    const start = performance.now()
    work()
    return buffer.length / 1000 / (performance.now() - start)
  })
  return rates.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0
}

const inputs: Readonly<Record<string, () => void>> = {
  noise: () => {
    for (let at = 0; at < buffer.length; at += 65_536) randomFillSync(buffer, at, 65_536)
  },
  text: () => {
    for (let at = 0, line = 0; at < buffer.length; line++) {
      at += Buffer.from(buffer.buffer, buffer.byteOffset).write(
        `${line}: the quick brown fox jumps over the lazy dog\n`,
        at,
      )
    }
  },
}

for (const [name, fill] of Object.entries(inputs)) {
  fill()
  kernel.buffer.set(buffer)
  process.stdout.write(
    `${name.padEnd(8)} kernel ${rate(scanAll).toFixed(0)} MB/s, chunker ${rate(cutAll).toFixed(0)} MB/s\n`,
  )
}
