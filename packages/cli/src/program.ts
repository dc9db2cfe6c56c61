import { Command, CommanderError } from 'commander'
import { COMMANDS, type CommandEntry, type CommandGroup, isGroup } from './command-table.ts'
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
  const chooseWithGlobals: Choose = (chosen) => choose({ ...chosen, globals: program.opts<GlobalOptions>() })
  for (const entry of COMMANDS) {
    if (isGroup(entry)) addGroup(program, entry, chooseWithGlobals)
    else addCommand(program, entry, chooseWithGlobals)
  }
  return program
}

type Choose = (chosen: Omit<Invocation, 'globals'>) => void

function addGroup(program: Command, group: CommandGroup, choose: Choose): void {
  const command = program
    .command(group.name)
    .summary(group.summary)
    .description(group.description)
    .usage('COMMAND …')
    .helpCommand(false)
    .addHelpText('after', `${group.examples}\n\nvarve ${group.name} COMMAND --help tells more about a command.`)
  for (const entry of group.commands) addCommand(command, entry, choose)
}

function addCommand(parent: Command, entry: CommandEntry, choose: Choose): void {
  const command = parent
    .command(entry.name)
    .summary(entry.summary)
    .aliases([...entry.aliases])
  parent.hook('preSubcommand', async (_, chosen) => {
    if (chosen !== command) return
    const loaded = await entry.load()
    loaded.declare(command)
    command.action(() => {
      choose({ command: loaded, args: command.args, options: command.opts() })
    })
  })
}

/** `help COMMAND` is `COMMAND --help`: a command is loaded only when it is asked for by name. */
function helpAsOption(args: readonly string[]): readonly string[] {
  const [first, ...rest] = args
  if (first !== 'help') return args
  const end = rest.findIndex((argument) => argument.startsWith('-'))
  const words = end < 0 ? rest : rest.slice(0, end)
  return words.length === 0 ? ['--help', ...rest] : [...words, '--help']
}

/** Commander's message, such as `error: unknown option '--exlude'\n(Did you mean --exclude?)`, as one of ours. */
function explainUsageError(error: CommanderError, args: readonly string[]): ErrorReport {
  const [message = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const suggestion = otherWord(error, message, args) ?? /\(Did you mean (.*)\?\)/.exec(rest.join(' '))?.[1]
  const help = `${['varve', ...namedCommands(args).map(({ name }) => name)].join(' ')} --help tells what there is`
  return usageError(message, suggestion === undefined ? help : `did you mean ${suggestion}?`)
}

function otherWord(error: CommanderError, message: string, args: readonly string[]): string | undefined {
  if (error.code !== 'commander.unknownCommand') return undefined
  const word = /'(.*)'/.exec(message)?.[1] ?? ''
  const group = namedCommands(args).find((entry) => isGroup(entry))
  return (group?.commands ?? COMMANDS).find(({ otherWords }) => otherWords.includes(word))?.name
}

/** The command that a command line names, after the group that it is in. */
function namedCommands(args: readonly string[]): readonly (CommandEntry | CommandGroup)[] {
  const entry = namedIn(COMMANDS, args)
  if (entry === undefined) return []
  const command = isGroup(entry) ? namedIn(entry.commands, args.slice(args.indexOf(entry.name) + 1)) : undefined
  return command === undefined ? [entry] : [entry, command]
}

function namedIn<Entry extends CommandEntry | CommandGroup>(
  entries: readonly Entry[],
  args: readonly string[],
): Entry | undefined {
  const isNamed = (entry: Entry, argument: string): boolean =>
    argument === entry.name || ('aliases' in entry && entry.aliases.includes(argument))
  const word = args.find((argument) => entries.some((entry) => isNamed(entry, argument)))
  return word === undefined ? undefined : entries.find((entry) => isNamed(entry, word))
}

function usageError(message: string, hint: string | undefined): ErrorReport {
  return { message, hint, errorCode: 'ERR_VARVE_BAD_ARGUMENT', exitCode: EXIT.failed, causes: [], stack: undefined }
}
