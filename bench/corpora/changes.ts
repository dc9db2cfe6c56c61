import { appendFileSync, closeSync, openSync, statSync, writeSync } from 'node:fs'
import { filesBelow } from './folder-files.ts'
import { block, MEBIBYTE, Noise } from './noise.ts'

/** One of this many is changed. */
const PARTS = 100
/** Rounds choose other hundredths, far from each other: has no factor in common with the number of parts. */
const STRIDE = 37

/** Appends a line to one file of a hundred. */
export function changeFiles(folder: string, round: number): void {
  for (const file of chosen(filesBelow(folder), round)) appendFileSync(file, `changed in round ${round}\n`)
}

/** Overwrites one MiB of a hundred, counted through all files. */
export function changeBlocks(folder: string, round: number): void {
  const noise = new Noise(1_000_000 + round)
  const blocks = filesBelow(folder).flatMap((file) =>
    Array.from({ length: Math.floor(statSync(file).size / MEBIBYTE) }, (_, number) => ({ file, number })),
  )
  for (const { file, number } of chosen(blocks, round)) {
    const handle = openSync(file, 'r+')
    writeSync(handle, block(noise, number), 0, MEBIBYTE, number * MEBIBYTE)
    closeSync(handle)
  }
}

/** Every hundredth, and at least one. */
function chosen<T>(all: readonly T[], round: number): readonly T[] {
  const parts = Math.min(PARTS, all.length)
  return all.filter((_, number) => number % parts === (round * STRIDE) % parts)
}
