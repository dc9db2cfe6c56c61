import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { changeFiles } from './changes.ts'
import type { Corpus } from './corpus.ts'

/** Files of a folder, and folders of the folder above. */
const PER_FOLDER = 100
/** A file of so many is empty. */
const EMPTY = 4

/** Bytes that the record of a file and what holds its content take, on a disk. */
export const TINY_FILE_SIZE = 2048

/** Many files of a few bytes, a quarter of them empty, 100 in a folder. */
export function tiny(count: number): Corpus {
  return {
    name: 'tiny',
    title: `${count.toLocaleString('en')} tiny or empty files`,
    bytes: count * TINY_FILE_SIZE,
    hasManyFiles: true,
    hasYardsticks: false,
    make: (folder) => growTinyFiles(folder, 0, count),
    change: changeFiles,
  }
}

/** One folder with very many entries. */
export function folder(count: number): Corpus {
  return {
    name: 'folder',
    title: `one folder with ${count.toLocaleString('en')} entries`,
    bytes: count * TINY_FILE_SIZE,
    hasManyFiles: true,
    hasYardsticks: false,
    make: (folder) => {
      for (let number = 0; number < count; number++) writeTinyFile(folder, number)
    },
    change: changeFiles,
  }
}

/** Adds the files with the numbers from `from` up to `to` to those below it. */
export function growTinyFiles(folder: string, from: number, to: number): void {
  for (let number = from; number < to; number++) {
    const leaf = Math.floor(number / PER_FOLDER)
    const path = join(folder, `part-${Math.floor(leaf / PER_FOLDER)}`, `part-${leaf % PER_FOLDER}`)
    if (number % PER_FOLDER === 0 || number === from) mkdirSync(path, { recursive: true })
    writeTinyFile(path, number)
  }
}

function writeTinyFile(folder: string, number: number): void {
  writeFileSync(join(folder, `entry-${number}`), number % EMPTY === 0 ? '' : `entry number ${number}\n`)
}
