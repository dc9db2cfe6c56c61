import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** How a process ended, and the lines that it had written by then. */
export interface EndedProcess {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly lines: readonly string[]
}

/**
 * Runs a module of this folder in a process of its own, to its end.
 *
 * @param module - its file name
 * @param onLine - called for each line that it writes
 */
export async function runProcess(
  module: string,
  parameters: readonly string[],
  onLine: (line: string, child: ChildProcess) => void = () => undefined,
): Promise<EndedProcess> {
  const path = fileURLToPath(new URL(module, import.meta.url))
  const child = spawn(process.execPath, ['--conditions=varve-source', path, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    onLine(line, child)
  }
  await ended
  return { code: child.exitCode, signal: child.signalCode, lines }
}
