import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { changeBlocks } from './changes.ts'
import type { Corpus } from './corpus.ts'
import { block, MEBIBYTE, Noise } from './noise.ts'

/** In MiB, again and again: a project with long and short takes. */
const CLIPS = [128, 64, 32, 16, 8, 4, 2, 1, 1]

/** Large files, half of them incompressible: what a media project looks like. */
export function media(mebibytes: number): Corpus {
  return {
    name: 'media',
    title: `${mebibytes} MiB of large files, half incompressible`,
    bytes: mebibytes * MEBIBYTE,
    hasManyFiles: false,
    hasYardsticks: true,
    make: (folder) => {
      const noise = new Noise(1)
      for (let made = 0, number = 0; made < mebibytes; number++) {
        const size = Math.min(CLIPS[number % CLIPS.length] ?? 1, mebibytes - made)
        writeBlocks(join(folder, `clip-${String(number).padStart(3, '0')}.bin`), noise, made, size)
        made += size
      }
    },
    change: changeBlocks,
  }
}

/** One large file, half of it incompressible: a disk image, or a database. */
export function image(mebibytes: number): Corpus {
  return {
    name: 'image',
    title: `one file of ${mebibytes} MiB, half incompressible`,
    bytes: mebibytes * MEBIBYTE,
    hasManyFiles: false,
    hasYardsticks: false,
    make: (folder) => writeBlocks(join(folder, 'disk.img'), new Noise(2), 0, mebibytes),
    change: changeBlocks,
  }
}

function writeBlocks(path: string, noise: Noise, first: number, count: number): void {
  const file = openSync(path, 'w')
  for (let number = first; number < first + count; number++) writeSync(file, block(noise, number))
  closeSync(file)
}
