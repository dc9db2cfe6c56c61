import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { changeFiles } from './changes.ts'
import type { Corpus } from './corpus.ts'

const WORDS =
  'const let return await import export from class extends new if else for of in node value index length'.split(' ')

/** Stands for the installed npm tree where there is no network: text in many small files, in folders of folders. */
export function writtenProject(count: number): Corpus {
  return {
    name: 'npm',
    title: `${count.toLocaleString('en')} small files of text, made by script`,
    bytes: count * 6000,
    hasManyFiles: true,
    hasYardsticks: true,
    make: (folder) => writeProject(folder, count),
    change: changeFiles,
  }
}

/** Stands for the published versions where there is no network: between two states one file of ten changes, some go and some come. */
export function writtenHistory(files: number, count: number): Corpus {
  const enter = (folder: string, state: number): void => {
    for (let number = 0; number < files; number++) {
      if ((number + state) % 10 === 0) writeSource(folder, number, state)
    }
    for (let number = 0; number < 5; number++) writeSource(folder, files + state * 5 + number, state)
  }
  return {
    name: 'states',
    title: `${count} states of ${files} files, made by script`,
    bytes: files * 6000,
    hasManyFiles: true,
    hasYardsticks: false,
    make: (folder) => writeProject(folder, files),
    change: enter,
    history: { count, enter },
  }
}

/** Writes the first state of a project. */
export function writeProject(folder: string, count: number): void {
  for (let number = 0; number < count; number++) writeSource(folder, number, 0)
}

function writeSource(folder: string, number: number, state: number): void {
  const path = join(folder, `package-${number % 17}`, `lib-${number % 5}`, `file-${number}.js`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text(number, state))
}

/** 100 bytes to 12 kB that compress as code does. */
function text(number: number, state: number): string {
  const length = 100 + ((number * 7919) % 12_000)
  let out = `// file ${number}, state ${state}\n`
  for (let seed = number * 1009 + state + 1; out.length < length; seed = (seed * 48_271) % 0x7fff_ffff) {
    out += `${WORDS[seed % WORDS.length] ?? ''} name${seed % 9973} `
    if (seed % 8 === 0) out += '\n'
  }
  return out
}
