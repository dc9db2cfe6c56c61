import { createRepository, type OpenRepository } from '@varve/engine'
import { runProgram } from '../../src/program.ts'
import { recordOutput } from '../terminal/recorded-output.ts'

/** What came of a command. */
export interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Surroundings of a command, where a test wants other than none. */
export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
  readonly workingFolder?: string
}

/** Runs a command in this process, with nothing of its environment. */
export async function runHere(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { output, out, err } = recordOutput()
  const code = await runProgram(args, {
    output,
    environment: options.environment ?? {},
    workingFolder: options.workingFolder ?? '/nonexistent',
    standardInput: inputOf(options.input ?? ''),
    version: '1.2.3',
  })
  return { code, out: out(), err: err() }
}

/** Makes a repository whose password costs no time to try, and closes it. */
export async function makeRepository(location: string, password: string): Promise<void> {
  await (await cheapRepository(location, password)).close()
}

/** Makes a repository whose password costs no time to try. */
export function cheapRepository(location: string, password: string): Promise<OpenRepository> {
  return createRepository({ storage: location, password, kdf: { N: 2, r: 8, p: 1 } })
}

/** The documents in JSON lines. */
export function jsonLines(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
}

async function* inputOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
