import { spawnSync } from 'node:child_process'
import { createCipheriv } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A folder to back up. */
export interface Corpus {
  readonly name: string
  readonly folder: string
}

const MEBIBYTE = 1024 * 1024
/** Packages whose installation makes about 80,000 files. Pinned: the corpus is the same on every machine. */
const PACKAGES = [
  '@mui/icons-material@6.1.0',
  'typescript@5.6.2',
  'date-fns@4.1.0',
  'core-js@3.38.1',
  'lodash@4.17.21',
  'rxjs@7.8.1',
  'three@0.170.0',
  'webpack@5.95.0',
  'next@15.0.0',
  'antd@5.21.0',
  'jest@29.7.0',
  'eslint@9.12.0',
  'googleapis@144.0.0',
  '@babel/preset-env@7.25.8',
]
const QUICK_PACKAGES = ['date-fns@4.1.0']

/**
 * Large files, half of them incompressible: what a media project looks like. Made from a fixed key, so always the same.
 * @param megabytes - of content
 */
export function mediaCorpus(root: string, megabytes: number): Corpus {
  const folder = join(root, `media-${megabytes}`)
  make(folder, (temporary) => {
    const keystream = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16))
    const zeros = Buffer.alloc(MEBIBYTE)
    const sizes = [128, 64, 32, 16, 8, 4, 2, 1, 1]
    for (let made = 0, number = 0; made < megabytes; number++) {
      const size = Math.min(sizes[number % sizes.length] ?? 1, megabytes - made)
      const file = openSync(join(temporary, `clip-${String(number).padStart(3, '0')}.bin`), 'w')
      for (let piece = 0; piece < size; piece++, made++) {
        const noise = keystream.update(zeros)
        writeSync(file, made % 2 === 0 ? noise : quantised(noise))
      }
      closeSync(file)
    }
  })
  return { name: 'media', folder }
}

/** An installed npm tree: many small files. Needs the npm registry the first time. */
export function filesCorpus(root: string, quick: boolean): Corpus {
  const folder = join(root, quick ? 'npm-quick' : 'npm')
  make(folder, (temporary) => {
    writeFileSync(join(temporary, 'package.json'), '{"private":true}')
    const packages = quick ? QUICK_PACKAGES : PACKAGES
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps']
    const { status, stderr } = spawnSync('npm', ['install', ...options, ...packages], {
      cwd: temporary,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`the corpus of small files could not be installed:\n${stderr}`)
  })
  return { name: 'files', folder }
}

/** Eight levels with runs, as a smooth picture has: compresses to less than half. */
function quantised(noise: Buffer): Buffer {
  const bytes = Buffer.alloc(noise.length)
  for (let at = 0; at < noise.length; at++) bytes[at] = (noise[at >> 1] ?? 0) & 0x1c
  return bytes
}

/** Makes a folder once; one that was interrupted is made anew. */
function make(folder: string, fill: (temporary: string) => void): void {
  if (existsSync(folder)) return
  const temporary = `${folder}.part`
  rmSync(temporary, { recursive: true, force: true })
  mkdirSync(temporary, { recursive: true })
  fill(temporary)
  renameSync(temporary, folder)
}
