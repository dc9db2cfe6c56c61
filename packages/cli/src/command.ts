import type { Command, OptionValues } from 'commander'
import type { Environment } from './environment.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { GlobalOptions } from './global-options.ts'
import type { StatusMessage } from './report/json-reporter.ts'
import type { Reporter } from './report/reporter.ts'
import type { Output } from './terminal/output.ts'

/** What a command can use besides its own options. */
export interface CommandContext {
  readonly globals: GlobalOptions
  readonly environment: Environment
  /** Absolute. */
  readonly workingFolder: string
  /** Where the running job tells what it does. */
  readonly reporter: Reporter
  /** For questions only: results are returned. */
  readonly output: Output
  /** Aborted when the user wants the command to end. */
  readonly signal: AbortSignal
  readonly standardInput: AsyncIterable<Uint8Array>
  /** Of this program. */
  readonly version: string
}

/** Why a command that carried through did not do all that it was asked for. */
export interface Shortfall {
  readonly message: string
  readonly hint?: string
  readonly exitCode: ExitCode
}

/** A command: what it takes, what it does, and how what it did is told to people and to programs. */
export interface CommandDefinition<Options, Result> {
  /** Adds description, arguments, options and examples. */
  declare(command: Command): void
  /** Does it. Prints nothing; what the user is to know while it runs goes through `context.reporter`. */
  run(context: CommandContext, args: readonly string[], options: Options): Promise<Result>
  /** The result for people, line by line. */
  text(result: Result, verbosity: number): readonly string[]
  /** The result for programs: each element is a document on a line of its own. */
  json(result: Result): readonly unknown[]
  /** What is missing, where the result is not all that was asked for. */
  shortfall?(result: Result): Shortfall | undefined
  /** What a `status` message says; without it, none is sent. */
  readonly statusMessage?: StatusMessage
  /** What a problem with an entry happened during, for programs. */
  readonly during: string
  /** What the progress of the command counts besides bytes; without it, its phases count different things. */
  readonly counts?: 'file'
}

/** What came of a command, ready to be printed. */
export interface Outcome {
  readonly text: (verbosity: number) => readonly string[]
  readonly json: () => readonly unknown[]
  readonly shortfall: Shortfall | undefined
  readonly exitCode: ExitCode
}

/** A command without the types that are its own business. */
export interface RunnableCommand {
  readonly declare: (command: Command) => void
  readonly run: (context: CommandContext, args: readonly string[], options: OptionValues) => Promise<Outcome>
  readonly statusMessage: StatusMessage | undefined
  readonly during: string
  readonly counts: 'file' | undefined
}

/**
 * Makes a command from its definition.
 *
 * Commander returns options as they were declared; `Options` is the definition's word for what it declared.
 */
export function defineCommand<Options, Result>(definition: CommandDefinition<Options, Result>): RunnableCommand {
  return {
    declare: (command) => definition.declare(command),
    run: async (context, args, options) => {
      const result = await definition.run(context, args, options as Options)
      const shortfall = definition.shortfall?.(result)
      return {
        text: (verbosity) => definition.text(result, verbosity),
        json: () => definition.json(result),
        shortfall,
        exitCode: shortfall?.exitCode ?? EXIT.done,
      }
    },
    statusMessage: definition.statusMessage,
    during: definition.during,
    counts: definition.counts,
  }
}
