import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

/** A program and how to call it. */
export interface Command {
  readonly argv: readonly [string, ...string[]]
  readonly environment?: Readonly<Record<string, string>>
  /** Working folder. */
  readonly folder?: string
}

/** What a run took. */
export interface Measurement {
  /** Seconds from start to end. */
  readonly wall: number
  /** Seconds of processor time, of the program and those that it started. */
  readonly cpu: number
  /** Largest resident set of a single process, in bytes. */
  readonly memory: number
  /** Bytes that calls to read brought, whether from the disk, from memory or from a pipe. */
  readonly read: number
  /** Bytes that calls to write took, whether they reached the disk or not. */
  readonly written: number
  /** Bytes that had to come from the disk: depends on what was in memory before. */
  readonly diskRead: number
  /** Bytes of memory pages made ready for the disk. */
  readonly diskWritten: number
}

/** How much of what failed programs printed is shown, in characters. */
const SHOWN = 2000

/**
 * Runs a command as its own process and measures it. Time and memory are GNU time's, except for wall time, for which it is too
 * coarse. Linux adds what a process read and wrote to its parent's account when the parent waits for it, so that the difference in
 * this process' own account is that of all processes of the command.
 *
 * @throws Error with what the command printed, when it fails
 */
export function run(command: Command): Measurement {
  const folder = mkdtempSync(join(tmpdir(), 'varve-bench-'))
  try {
    const report = join(folder, 'time')
    const printed = join(folder, 'printed')
    // A file, because what is read through a pipe would count as this process' own reading.
    const output = openSync(printed, 'w')
    // What the run before has left to be written to the disk is not this one's to wait for.
    spawnSync('sync')
    const before = transfers()
    const start = performance.now()
    const { status, signal, error } = spawnSync('time', ['-q', '-o', report, '-f', '%U %S %M', ...command.argv], {
      env: { ...cleanEnvironment(), ...command.environment },
      cwd: command.folder,
      stdio: ['ignore', output, output],
    })
    const wall = (performance.now() - start) / 1000
    const after = transfers()
    closeSync(output)
    if (error !== undefined) throw new Error(`${command.argv.join(' ')} cannot be measured`, { cause: error })
    if (status !== 0) {
      const text = readFileSync(printed, 'utf8').slice(-SHOWN)
      throw new Error(`${command.argv.join(' ')}\nended with ${signal ?? `exit code ${status}`} and said:\n${text}`)
    }
    const [user = NaN, system = NaN, kibibytes = NaN] = readFileSync(report, 'utf8').trim().split(' ').map(Number)
    return {
      wall,
      cpu: user + system,
      memory: kibibytes * 1024,
      read: after.rchar - before.rchar,
      written: after.wchar - before.wchar,
      diskRead: after.read_bytes - before.read_bytes,
      diskWritten: after.write_bytes - before.write_bytes,
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What a program prints. @throws Error with what it printed to standard error, when it fails */
export function outputOf(command: Command): string {
  const [program, ...args] = command.argv
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    env: { ...cleanEnvironment(), ...command.environment },
    cwd: command.folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  })
  if (error !== undefined) throw new Error(`${program} cannot be run`, { cause: error })
  if (status !== 0) throw new Error(`${command.argv.join(' ')}: exit code ${status}\n${stderr.slice(-SHOWN)}`)
  return stdout
}

/** @throws Error where what measures is missing */
export function requireMeasuring(): void {
  if (spawnSync('time', ['-q', '-o', '/dev/null', '-f', '%M', 'true']).status !== 0) {
    throw new Error('GNU time is needed (Debian: `apt-get install time`)')
  }
  try {
    transfers()
  } catch (cause) {
    throw new Error('the benchmark counts bytes with /proc/self/io, which only Linux has', { cause })
  }
}

/** Without settings of the user's for any contestant. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:VARVE|RESTIC|RUSTIC|BORG)_/.test(name)),
  )
}

interface Transfers {
  readonly rchar: number
  readonly wchar: number
  readonly read_bytes: number
  readonly write_bytes: number
}

function transfers(): Transfers {
  const text = readFileSync('/proc/self/io', 'utf8')
  const field = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1])
  return {
    rchar: field('rchar'),
    wchar: field('wchar'),
    read_bytes: field('read_bytes'),
    write_bytes: field('write_bytes'),
  }
}
