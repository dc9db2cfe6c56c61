import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../../cli/bin/varve.js', import.meta.url))

/** Why system calls cannot be made to fail here; undefined where they can. */
export const straceMissing: string | undefined = findOut()

if (straceMissing !== undefined) process.stderr.write(`skipped: failing system calls, ${straceMissing}\n`)

/** System calls that are to fail. */
export interface FailingCalls {
  /** Names of calls, separated by commas. */
  readonly calls: string
  /** The system's error: `EIO`. */
  readonly error: string
  /** Which of the calls of each thread fail, as strace counts: `3`, `3+`; all where it is left out. */
  readonly when?: string
  /** Only calls that concern one of these absolute paths; any where it is left out. */
  readonly paths?: readonly string[]
}

/** How a command ended. */
export interface CommandRun {
  readonly code: number
  readonly output: string
}

/** Runs the real command, with some of its system calls failing as strace(1) lets them. */
export async function runVarve(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  failing?: FailingCalls,
): Promise<CommandRun> {
  const command = [process.execPath, BIN, ...args]
  const [program = '', ...rest] = failing === undefined ? command : [...traced(failing), ...command]
  // With one thread for them, calls of the main thread fail in the order in which they are made.
  const env = { PATH: process.env['PATH'], UV_THREADPOOL_SIZE: '1', ...environment }
  return new Promise((resolve) => {
    execFile(program, rest, { env }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, output: out + err })
    })
  })
}

function traced({ calls, error, when, paths = [] }: FailingCalls): readonly string[] {
  const injection = `inject=${calls}:error=${error}${when === undefined ? '' : `:when=${when}`}`
  const limits = paths.flatMap((path) => ['-P', path])
  return ['strace', '-f', '-qq', '-o', '/dev/null', ...limits, '-e', `trace=${calls}`, '-e', injection, '--']
}

function findOut(): string | undefined {
  if (process.platform !== 'linux') return 'which takes Linux'
  try {
    execFileSync('strace', ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=fsync', 'true'], { stdio: 'pipe' })
    return undefined
  } catch {
    return 'which takes strace and the right to trace'
  }
}
