import { Command, CommanderError } from 'commander'
import { COMMANDS, type CommandEntry } from './command-table.ts'
import type { RunnableCommand } from './command.ts'
import type { ErrorReport } from './error-report.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { declareGlobalOptions, expandVerbose, type GlobalOptions } from './global-options.ts'
import { formatHelp } from './help-format.ts'
import { printError, runCommand, type Surroundings } from './run-command.ts'
import type { Output } from './terminal/output.ts'

/** Wider help is harder to read. */
const MOST_HELP_COLUMNS = 110

const EXAMPLES = `
Examples:
  varve snapshot ~/work            save a folder into backups.db in this folder
  varve list                       show the snapshots
  varve restore latest --output-directory restored
  varve --repo /mnt/disk/backups snapshot ~/work --exclude '*.tmp'

varve COMMAND --help tells more about a command.`

/** What the command line asks for. */
interface Invocation {
  readonly command: RunnableCommand
  readonly args: readonly string[]
  readonly options: Record<string, unknown>
  readonly globals: GlobalOptions
}

/**
 * Runs what a command line asks for.
 *
 * @param args - without the names of Node and of this program
 */
export async function runProgram(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { output } = surroundings
  const invocation = await parse(expandVerbose(helpAsOption(args)), surroundings)
  if (typeof invocation === 'number') return invocation
  const { command, options, globals } = invocation
  if (globals.quiet === true && globals.verbose > 0) {
    const report = usageError('--quiet and --verbose exclude each other', undefined)
    printError(report, globals.json === true, 1, output)
    return report.exitCode
  }
  return runCommand(command, invocation.args, options, globals, surroundings)
}

async function parse(args: readonly string[], { output, version }: Surroundings): Promise<Invocation | ExitCode> {
  const chosen: { invocation?: Invocation } = {}
  const program = buildProgram(output, version, (invocation) => {
    chosen.invocation = invocation
  })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return EXIT.done
    if (error.code === 'commander.help') return EXIT.failed
    const report = explainUsageError(error, args)
    printError(report, args.includes('--json'), 1, output)
    return report.exitCode
  }
  if (chosen.invocation === undefined) throw new Error('the command line was parsed, but no command was chosen')
  return chosen.invocation
}

function buildProgram(output: Output, version: string, choose: (invocation: Invocation) => void): Command {
  const program = new Command('varve')
    .description('Incremental, deduplicated, encrypted backups that restic can read.')
    .usage('[options] COMMAND …')
    .version(`varve ${version}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .exitOverride()
    .configureOutput({
      // No command at all makes commander print the help as an error; it is what the user wanted to see.
      writeErr: (text) => void (text.startsWith('error:') || output.verbatim(text)),
      writeOut: (text) => output.verbatim(text),
      getOutHelpWidth: () => Math.min(output.columns, MOST_HELP_COLUMNS),
      getErrHelpWidth: () => Math.min(output.columns, MOST_HELP_COLUMNS),
      outputError: () => undefined,
    })
    .configureHelp({ showGlobalOptions: true, formatHelp })
    .addHelpText('after', EXAMPLES)
  declareGlobalOptions(program)
  for (const entry of COMMANDS) addCommand(program, entry, choose)
  return program
}

function addCommand(program: Command, entry: CommandEntry, choose: (invocation: Invocation) => void): void {
  const command = program
    .command(entry.name)
    .summary(entry.summary)
    .aliases([...entry.aliases])
  program.hook('preSubcommand', async (_, chosen) => {
    if (chosen !== command) return
    const loaded = await entry.load()
    loaded.declare(command)
    command.action(() => {
      choose({ command: loaded, args: command.args, options: command.opts(), globals: program.opts<GlobalOptions>() })
    })
  })
}

/** `help COMMAND` is `COMMAND --help`: a command is loaded only when it is asked for by name. */
function helpAsOption(args: readonly string[]): readonly string[] {
  const [first, second] = args
  if (first !== 'help') return args
  return second === undefined || second.startsWith('-') ? ['--help', ...args.slice(1)] : [second, '--help']
}

/** Commander's message, such as `error: unknown option '--exlude'\n(Did you mean --exclude?)`, as one of ours. */
function explainUsageError(error: CommanderError, args: readonly string[]): ErrorReport {
  const [message = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const suggestion = otherWord(error, message) ?? /\(Did you mean (.*)\?\)/.exec(rest.join(' '))?.[1]
  const known = COMMANDS.find(({ name, aliases }) =>
    args.some((argument) => argument === name || aliases.includes(argument)),
  )
  const help = `varve${known === undefined ? '' : ` ${known.name}`} --help tells what there is`
  return usageError(message, suggestion === undefined ? help : `did you mean ${suggestion}?`)
}

function otherWord(error: CommanderError, message: string): string | undefined {
  if (error.code !== 'commander.unknownCommand') return undefined
  const word = /'(.*)'/.exec(message)?.[1] ?? ''
  return COMMANDS.find(({ otherWords }) => otherWords.includes(word))?.name
}

function usageError(message: string, hint: string | undefined): ErrorReport {
  return { message, hint, errorCode: 'ERR_VARVE_BAD_ARGUMENT', exitCode: EXIT.failed, causes: [], stack: undefined }
}
