import { chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { noise } from '../fixtures/repository-fixture.ts'

/** States that a small folder goes through, each a snapshot. What one has in common with the next, the repository keeps once. */
export type SourceState = 'first' | 'second' | 'third'

/**
 * Brings a folder, which is empty at first, to a state: files of one and of several pieces, empty ones, holes, links of both kinds, modes, and times in the past. What is alike in
 * two states is left alone between them.
 */
export function writeSource(folder: string, state: SourceState): void {
  if (state === 'first') makeFirst(folder)
  if (state === 'second') makeSecond(folder)
  if (state === 'third') makeThird(folder)
}

function makeFirst(folder: string): void {
  for (const inner of ['notes', 'notes/empty folder', 'scenes']) mkdirSync(join(folder, inner))
  // With the polynomial of the fixtures, these bytes are cut in two.
  write(folder, 'scenes/pieces', noise(620_000, 30))
  write(folder, 'scenes/goes', noise(40_000, 2))
  write(folder, 'scenes/stays', noise(30_000, 3))
  write(folder, 'notes/text', 'a line\n'.repeat(200))
  write(folder, 'notes/empty', '')
  chmodSync(join(folder, 'notes/text'), 0o600)
  symlinkSync('text', join(folder, 'notes/link'))
  linkSync(join(folder, 'scenes/stays'), join(folder, 'notes/same'))
}

function makeSecond(folder: string): void {
  rmSync(join(folder, 'scenes/goes'))
  write(folder, 'scenes/new', noise(50_000, 4))
  write(folder, 'notes/text', 'another line\n'.repeat(300))
  mkdirSync(join(folder, 'more'))
  write(folder, 'more/file', 'more')
}

function makeThird(folder: string): void {
  rmSync(join(folder, 'more'), { recursive: true })
  write(folder, 'scenes/third', noise(20_000, 5))
}

/** Whole seconds in the past, so that no file looks as if it were just being written. */
function write(folder: string, name: string, content: string | Uint8Array): void {
  writeFileSync(join(folder, name), content)
  utimesSync(join(folder, name), 1_700_000_000, 1_700_000_000 + content.length)
}
