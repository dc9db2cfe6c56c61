import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { outputOf } from './measured-run.ts'

/** Copies a file or folder with all that `cp -a` keeps, to a path where nothing is yet. @throws Error when it fails */
export function copyAll(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  outputOf({ argv: ['cp', '-a', from, to] })
}

/** Copies what is in a folder into another that is there. @throws Error when it fails */
export function copyContent(from: string, to: string): void {
  outputOf({ argv: ['cp', '-a', join(from, '.'), to] })
}
