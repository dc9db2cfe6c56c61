import { isVarveError, type ErrorCode } from '@varve/platform/errors'

/** A parser, and what has to hold for every input of it. */
export interface FuzzTarget {
  /** Also the folder of its corpus. */
  readonly name: string
  /** Inputs that are as they should be, to start from. */
  readonly seeds: readonly Uint8Array[]
  /** What means something to the parser. */
  readonly words: readonly string[]
  /** Whether inputs are JSON. */
  readonly isJson: boolean
  /** Longest time that an input may take of the processor, in milliseconds. */
  readonly limitMs: number
  /**
   * Parses an input. Throws where the parser broke a promise: a failure of another kind than it documents, or something decoded that does not
   * survive being encoded.
   *
   * @returns what became of it, in few words: inputs with a new outcome are worth keeping
   */
  run(input: Uint8Array): string | Promise<string>
}

/** What a parser gave, or the failure that it is allowed. */
export type Outcome<T> = { readonly value: T } | { readonly refused: string }

/** Calls a parser that may fail with one code. Anything else that it throws goes on. */
export function parsed<T>(codes: ErrorCode | readonly ErrorCode[], parse: () => T): Outcome<T> {
  try {
    return { value: parse() }
  } catch (error) {
    return refusal(codes, error)
  }
}

/** What an allowed failure says without what is different for each input. Throws any other. */
export function refusal(codes: ErrorCode | readonly ErrorCode[], error: unknown): { readonly refused: string } {
  if (!isVarveError(error) || ![codes].flat().includes(error.code)) throw error
  if (error.message.length > LONGEST_MESSAGE) throw new Error(`a message of ${error.message.length} characters`)
  return { refused: error.message.replace(/'.*'|"[^"]*"|\d[\d.e+]*|[0-9a-f]{8,}/gs, '#').slice(0, 120) }
}

/** Characters that a message may have: it is for people. */
const LONGEST_MESSAGE = 10_000

/** Throws unless two encodings are the same. */
export function assertSame(first: Uint8Array, second: Uint8Array, what: string): void {
  if (Buffer.compare(first, second) === 0) return
  throw new Error(`${what}:\n${Buffer.from(first).toString('latin1')}\n${Buffer.from(second).toString('latin1')}`)
}
