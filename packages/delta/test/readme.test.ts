import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { memoryFolder } from './directory-index/memory-folder.ts'

const PACKAGE = join(import.meta.dirname, '..')
const EXAMPLES = readFileSync(join(PACKAGE, 'README.md'), 'utf8')
  .split(/^```ts\n/m)
  .slice(1)
  .map((rest) => rest.slice(0, rest.indexOf('\n```')))

/** Runs examples one after the other in a folder, as a user does who copies them. Returns what they print. */
function run(folder: string, ...examples: readonly (string | undefined)[]): string {
  let printed = ''
  for (const example of examples) {
    if (example === undefined) throw new Error('the README has fewer examples than there are tests')
    // Packages are found from where the process starts; files are looked for when it runs.
    const source = `process.chdir(${JSON.stringify(folder)})\n${example}`
    const args = ['--conditions=varve-source', '--input-type=module-typescript', '-e', source]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: PACKAGE, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    printed += stdout
  }
  return printed
}

function directory(): string {
  const folder = memoryFolder()
  mkdirSync(join(folder, 'mydir', 'sub'), { recursive: true })
  writeFileSync(join(folder, 'mydir', 'file1'), 'the first file')
  writeFileSync(join(folder, 'mydir', 'sub', 'file2'), Buffer.alloc(100_000, 'second'))
  for (const name of ['copy-of-mydir', 'as-it-was']) copy(folder, 'mydir', name)
  return folder
}

/** Copies a directory with its times, those of folders too. */
function copy(folder: string, from: string, to: string): void {
  execFileSync('cp', ['-a', join(folder, from), join(folder, to)])
}

const [backup, rules, full, recovery, delta, volumes, extraction, chains, ...others] = EXAMPLES

describe("the README's examples", { timeout: 300_000 }, () => {
  it('are all run', () => {
    expect(others).toEqual([])
  })

  it('back a directory up, and apply and recover what changed', () => {
    const folder = directory()
    expect(run(folder, backup)).toBe('created new.txt\n')
    expect(readFileSync(join(folder, 'copy-of-mydir', 'new.txt'), 'utf8')).toBe('something new')
    // The directory as it was, and another one.
    renameSync(join(folder, 'mydir'), join(folder, 'elsewhere'))
    renameSync(join(folder, 'as-it-was'), join(folder, 'mydir'))
    expect(run(folder, recovery)).toBe('1 13\nthat is another directory\n')
  })

  it('leave out what they are told to', () => {
    const folder = directory()
    writeFileSync(join(folder, 'mydir', 'x.tmp'), '')
    expect(run(folder, rules)).toMatch(/^3 100014 [0-9a-f]{64}\n$/)
  })

  it('make a directory from nothing', () => {
    const folder = directory()
    run(folder, full)
    expect(readFileSync(join(folder, 'restored', 'sub', 'file2')).length).toBe(100_000)
  })

  it('sign, compare and patch', () => {
    const folder = memoryFolder()
    writeFileSync(join(folder, 'old.bin'), Buffer.alloc(100_000, 'old'))
    writeFileSync(
      join(folder, 'new.bin'),
      Buffer.concat([Buffer.alloc(50_000, 'old'), Buffer.from('new'), Buffer.alloc(50_000, 'old')]),
    )
    run(folder, delta)
    expect(readFileSync(join(folder, 'made.bin')).equals(readFileSync(join(folder, 'new.bin')))).toBe(true)
  })

  it('write and read volumes', () => {
    const folder = directory()
    const printed = run(folder, volumes, extraction)
    expect(printed).toContain('mydir')
    expect(printed.endsWith('the first file')).toBe(true)
    expect(readFileSync(join(folder, 'all', 'mydir', 'file1'), 'utf8')).toBe('the first file')
    expect(existsSync(join(folder, 'one', 'mydir', 'sub'))).toBe(false)
    expect(readFileSync(join(folder, 'one', 'mydir', 'file1'), 'utf8')).toBe('the first file')
  })

  it('keep chains of backups', () => {
    const folder = directory()
    expect(run(folder, chains)).toBe("[ 'full', 'diff' ]\n")
    expect(readdirSync(join(folder, 'earlier')).toSorted()).toEqual(['file1', 'sub'])
    expect(readdirSync(join(folder, 'latest')).toSorted()).toEqual(['file1', 'new.txt', 'sub'])
  })
})
