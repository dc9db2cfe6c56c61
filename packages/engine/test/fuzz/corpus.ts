import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, 'corpus')

/** Inputs of a parser that reach something which no other does, in the order of their names. */
export function readCorpus(parser: string): readonly Uint8Array[] {
  return namesIn(parser).map((name) => readFileSync(join(FOLDER, parser, name)))
}

/** Keeps these inputs and no others. */
export function replaceCorpus(parser: string, inputs: readonly Uint8Array[]): void {
  for (const name of namesIn(parser)) rmSync(join(FOLDER, parser, name))
  mkdirSync(join(FOLDER, parser), { recursive: true })
  for (const input of inputs) writeFileSync(join(FOLDER, parser, nameOf(input)), input)
}

function namesIn(parser: string): readonly string[] {
  try {
    return readdirSync(join(FOLDER, parser)).toSorted()
  } catch {
    return []
  }
}

function nameOf(input: Uint8Array): string {
  return `${createHash('sha256').update(input).digest('hex').slice(0, 16)}.bin`
}
