import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { RESTIC } from '../oracle/restic.ts'

const VARVE = fileURLToPath(new URL('../../../cli/bin/varve.js', import.meta.url))

/** The password of repositories under stress. */
export const STRESS_PASSWORD = 'stress'

/** How a program ended. */
export interface Ending {
  /** Undefined where it was killed. */
  readonly code: number | undefined
  readonly stdout: string
  readonly stderr: string
  readonly milliseconds: number
}

/** Which program, and what it is told. */
export interface Invocation {
  readonly program: 'varve' | 'restic'
  readonly parameters: readonly string[]
}

/**
 * Runs a program on a repository.
 * @param killAfter - milliseconds after which it is killed, if it still runs
 */
export async function runClient(
  repository: string,
  { program, parameters }: Invocation,
  killAfter?: number,
): Promise<Ending> {
  const [command, args] =
    program === 'varve' ? [process.execPath, [VARVE, ...parameters]] : [RESTIC, [...parameters, '--no-cache']]
  const settings = { RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: STRESS_PASSWORD }
  const begun = performance.now()
  const child = spawn(command, args, {
    env: { ...process.env, ...settings, VARVE_REPOSITORY: repository, VARVE_PASSWORD: STRESS_PASSWORD },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
  const code = await new Promise<number | undefined>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve(status ?? undefined))
  })
  clearTimeout(timer)
  return { code, ...output, milliseconds: performance.now() - begun }
}
