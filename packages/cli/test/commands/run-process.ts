import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Run } from './run-here.ts'

/** The command's entry. */
export const ENTRY = join(import.meta.dirname, '../../bin/varve.js')

/** A process that may still run. */
export interface RunningProcess {
  readonly child: ChildProcess
  /** All output so far, of both streams. */
  readonly output: () => string
  /** Resolves when the output matches. */
  readonly until: (pattern: RegExp) => Promise<void>
  readonly finished: Promise<Run & { readonly signal: NodeJS.Signals | null }>
}

/** Surroundings of a process. */
export interface ProcessOptions {
  readonly cwd: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Starts a program with nothing of this environment but the PATH. It is killed if it outlives its test. */
export function startProcess(program: string, args: readonly string[], options: ProcessOptions): RunningProcess {
  const env = { PATH: process.env['PATH'], TERM: 'xterm', ...options.environment }
  const child = spawn(program, [...args], { cwd: options.cwd, env, stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  const texts = { out: '', err: '' }
  const waiting = new Set<() => void>()
  const take = (stream: 'out' | 'err') => (text: string) => {
    texts[stream] += text
    for (const check of waiting) check()
  }
  child.stdout.setEncoding('utf8').on('data', take('out'))
  child.stderr.setEncoding('utf8').on('data', take('err'))
  const output = (): string => texts.out + texts.err
  const finished = new Promise<Run & { readonly signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, ...texts }))
  })
  const until = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (!pattern.test(output())) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
      void finished.then(() => reject(new Error(`it ended without ${String(pattern)}: ${output()}`)), reject)
    })
  return { child, output, until, finished }
}

/** Starts the command, as `varve` from a shell would be. */
export function startVarve(args: readonly string[], options: ProcessOptions): RunningProcess {
  return startProcess(process.execPath, [ENTRY, ...args], options)
}
