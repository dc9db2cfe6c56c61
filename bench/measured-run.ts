import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A program and how to call it. */
export interface Command {
  readonly argv: readonly [string, ...string[]]
  readonly environment?: Readonly<Record<string, string>>
  readonly folder?: string
}

/** What a run took. */
export interface Measurement {
  /** Seconds from start to end. */
  readonly wall: number
  /** Seconds of processor time, of the program and those that it started. */
  readonly cpu: number
  /** Largest resident set of a single process, in MB. */
  readonly memory: number
}

/**
 * Runs a command under GNU time, as its own process, and measures it.
 * @throws Error with what the command printed, when it fails
 */
export function run(command: Command): Measurement {
  const folder = mkdtempSync(join(tmpdir(), 'varve-bench-'))
  const report = join(folder, 'time')
  try {
    const { status, stdout, stderr, error } = spawnSync('time', ['-o', report, '-f', '%e %U %S %M', ...command.argv], {
      env: { ...process.env, ...command.environment },
      cwd: command.folder,
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    })
    if (error !== undefined) throw new Error('GNU time is needed (Debian: `apt-get install time`)', { cause: error })
    if (status !== 0)
      throw new Error(`${command.argv.join(' ')}: exit code ${status}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`)
    const [wall = NaN, user = NaN, system = NaN, kilobytes = NaN] = readFileSync(report, 'utf8')
      .trim()
      .split(/\s+/)
      .map(Number)
    return { wall, cpu: user + system, memory: kilobytes / 1024 }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The measurement in the middle by wall time; its memory is the largest of all. */
export function median(measurements: readonly Measurement[]): Measurement {
  const sorted = measurements.toSorted((a, b) => a.wall - b.wall)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  if (middle === undefined) throw new Error('nothing was measured')
  return { ...middle, memory: Math.max(...measurements.map(({ memory }) => memory)) }
}
