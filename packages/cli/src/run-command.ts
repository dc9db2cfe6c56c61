import type { OptionValues } from 'commander'
import type { CommandContext, Outcome, RunnableCommand } from './command.ts'
import { type Environment, variable } from './environment.ts'
import { type ErrorReport, reportError } from './error-report.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { type GlobalOptions, verbosityOf } from './global-options.ts'
import { watchForInterruption } from './interruption.ts'
import { JsonReporter } from './report/json-reporter.ts'
import type { Reporter } from './report/reporter.ts'
import { TextReporter } from './report/text-reporter.ts'
import type { Output } from './terminal/output.ts'
import { untilAborted } from './until-aborted.ts'

/** What a command needs of the process that it runs in. */
export interface Surroundings {
  readonly output: Output
  readonly environment: Environment
  readonly workingFolder: string
  readonly standardInput: AsyncIterable<Uint8Array>
  readonly version: string
}

/** Milliseconds between two reports of progress where nothing else is asked for. */
const INTERVAL = 100

/** A clock that only goes forward. */
const now = (): number => performance.now()

/** Reports a second that make sense at most. */
const MOST_FRAMES = 60

/** Runs a command and prints what came of it; the one place that does. */
export async function runCommand(
  command: RunnableCommand,
  args: readonly string[],
  options: OptionValues,
  globals: GlobalOptions,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { output } = surroundings
  const reporter = makeReporter(command, globals, surroundings)
  const interruption = watchForInterruption(output, (code) => process.exit(code))
  const { signal } = interruption
  const standardInput = untilAborted(surroundings.standardInput, signal)
  const context: CommandContext = { ...surroundings, standardInput, globals, reporter, signal }
  try {
    const outcome = await command.run(context, args, options)
    reporter.end()
    printOutcome(outcome, globals, output)
    return outcome.exitCode
  } catch (error) {
    reporter.end()
    // Whatever an abort breaks on its way, it was the abort that the user asked for.
    const report = interruption.signal.aborted ? INTERRUPTED : reportError(error)
    printError(report, globals.json === true, verbosityOf(globals), output)
    return report.exitCode
  } finally {
    interruption.dispose()
  }
}

const INTERRUPTED: ErrorReport = {
  message: 'stopped on request; nothing that was saved before is lost',
  hint: undefined,
  errorCode: 'ERR_VARVE_ABORTED',
  exitCode: EXIT.interrupted,
  causes: [],
  stack: undefined,
}

/** Prints why a command failed. */
export function printError(report: ErrorReport, json: boolean, verbosity: number, output: Output): void {
  const { message, hint, errorCode, exitCode, stack, causes } = report
  if (json) {
    output.errorJson({ message_type: 'exit_error', code: exitCode, message, error_code: errorCode, hint })
    return
  }
  for (const line of stack?.split('\n') ?? []) output.errorLine(line)
  output.errorLine(`Error: ${message}`)
  if (verbosity > 1) for (const cause of causes) output.errorLine(`Cause: ${cause}`)
  if (hint !== undefined) output.errorLine(`Hint: ${hint}`)
}

function printOutcome(outcome: Outcome, globals: GlobalOptions, output: Output): void {
  if (globals.json === true) for (const value of outcome.json()) output.json(value)
  else for (const line of outcome.text(verbosityOf(globals))) output.line(line)
  const { shortfall } = outcome
  if (shortfall === undefined) return
  const report = { hint: undefined, ...shortfall, errorCode: undefined, causes: [], stack: undefined }
  printError(report, globals.json === true, verbosityOf(globals), output)
}

function makeReporter(
  command: RunnableCommand,
  globals: GlobalOptions,
  { output, environment }: Surroundings,
): Reporter {
  const verbosity = verbosityOf(globals)
  const frames = Number(variable(environment, 'PROGRESS_FPS') ?? Number.NaN)
  const wanted = frames > 0 ? 1000 / Math.min(frames, MOST_FRAMES) : undefined
  if (globals.json === true) {
    const { statusMessage, during } = command
    const interval = verbosity === 0 ? undefined : (wanted ?? INTERVAL)
    return new JsonReporter({ output, verbosity, interval, now, statusMessage, during })
  }
  const interval = verbosity === 0 ? undefined : (wanted ?? (output.hasStatusLine ? INTERVAL : undefined))
  return new TextReporter({ output, verbosity, interval, now, counts: command.counts })
}
