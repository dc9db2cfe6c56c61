import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scratchFolder } from '../../../test/scratch-folder.ts'

const PACKAGE = join(import.meta.dirname, '..')
const EXAMPLES = readFileSync(join(PACKAGE, 'README.md'), 'utf8')
  .split(/^```ts\n/m)
  .slice(1)
  .map((rest) => rest.slice(0, rest.indexOf('\n```')))

/** Runs an example in a folder, as a user does who copies it and writes own folders into it. Returns what it prints. */
function run(folder: string, example: string | undefined): string {
  if (example === undefined) throw new Error('the README has fewer examples than there are tests')
  const own = example
    .replaceAll('/home/ann/work', join(folder, 'work'))
    .replaceAll('/media/usb/backups', join(folder, 'backups'))
  // In a file: threads start with the arguments of the process, and cannot with a text for a program.
  writeFileSync(join(folder, 'example.mts'), own)
  const args = ['--conditions=varve-source', 'example.mts']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

/** A folder from which the package is found. */
function userFolder(): string {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'node_modules/@varve'), { recursive: true })
  symlinkSync(PACKAGE, join(folder, 'node_modules/@varve/mirror'))
  return folder
}

const [mirrored, byHand, selected, explored, restored, ...others] = EXAMPLES

describe("the README's examples", { timeout: 300_000 }, () => {
  it('are all run', () => {
    expect(others).toEqual([])
  })

  it('mirror, explore and restore', () => {
    const folder = userFolder()
    mkdirSync(join(folder, 'work'))
    writeFileSync(join(folder, 'work/boat.blend'), 'boat')
    writeFileSync(join(folder, 'mirror.toml'), 'src = "work"\ndist = "backups"\ntrack_dirs = ["."]\n')
    expect(run(folder, byHand)).toBe('new boat.blend\n')
    expect(run(folder, mirrored)).toMatch(/^backup_\d{8}_\d{6} 1 \[\]\n$/)
    expect(run(folder, mirrored)).toBe('nothing tracked changed 0 []\n')
    expect(run(folder, explored)).toMatch(/^backup_\d{8}_\d{6} \[\]\n$/)
    expect(run(folder, restored)).toBe('1 4 []\n')
    expect(readFileSync(join(folder, 'restored/boat.blend'), 'utf8')).toBe('boat')
  })

  it('select', () => {
    expect(run(userFolder(), selected)).toBe("tracked\nmirrored\n{ choice: 'tracked', enter: true }\n")
  })
})
