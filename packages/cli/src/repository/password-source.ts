import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { describeError, VarveError } from '@varve/engine'
import { badArgument } from '../bad-argument.ts'
import { type Environment, VARIABLE_PREFIXES } from '../environment.ts'
import { splitCommand } from './split-command.ts'
import { decodeTextFile } from './text-file.ts'

/** Options that say where a password comes from. */
export interface PasswordOptions {
  readonly passwordFile?: string
  readonly passwordCommand?: string
  readonly insecureNoPassword?: boolean
}

/** Longest output of a password command that is still taken for a password, in bytes. */
const LONGEST_OUTPUT = 1 << 20

/**
 * The password that was given for a repository by option or environment, or undefined where none was; `''` for `--insecure-no-password`.
 * Options win over `VARVE_…` variables, and these over `RESTIC_…`.
 *
 * @param infix - `''`, or `'FROM_'` for the variables of a second repository
 * @throws ERR_VARVE_BAD_ARGUMENT where two sources are given at once, or one does not work
 */
export async function givenPassword(
  options: PasswordOptions,
  environment: Environment,
  infix: '' | 'FROM_',
  signal: AbortSignal,
): Promise<string | undefined> {
  const fromOptions = { file: options.passwordFile, command: options.passwordCommand, password: undefined }
  const levels = [
    fromOptions,
    ...VARIABLE_PREFIXES.map((prefix) => ({
      file: environment[`${prefix}${infix}PASSWORD_FILE`],
      command: environment[`${prefix}${infix}PASSWORD_COMMAND`],
      password: environment[`${prefix}${infix}PASSWORD`],
    })),
  ]
  const source = levels.find(({ file, command, password }) => isGiven(file) || isGiven(command) || isGiven(password))
  if (options.insecureNoPassword === true) {
    if (source === undefined) return ''
    throw badArgument(
      '--insecure-no-password was given together with a password',
      'leave out one of them; passwords also come from the environment',
    )
  }
  if (source === undefined) return undefined
  if (isGiven(source.file) && isGiven(source.command)) {
    throw badArgument('a password file and a password command are given at once', 'leave out one of them')
  }
  if (isGiven(source.command)) return runPasswordCommand(source.command, environment, signal)
  return isGiven(source.file) ? readPasswordFile(source.file) : source.password
}

/**
 * The password in a file: its whole text without the white space around it (as restic reads it).
 * @throws ERR_VARVE_BAD_ARGUMENT where it cannot be read or holds nothing
 */
export async function readPasswordFile(path: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    const message = `cannot read the password file '${path}': ${describeError(error)}`
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', message, { cause: error })
  }
  return notEmpty(decodeTextFile(bytes), `the password file '${path}' is empty`)
}

async function runPasswordCommand(commandLine: string, environment: Environment, signal: AbortSignal): Promise<string> {
  const [program, ...words] = splitCommand(commandLine)
  const output = await new Promise<string>((resolve, reject) => {
    const options = { encoding: 'utf8', env: environment, maxBuffer: LONGEST_OUTPUT, signal } as const
    const child = execFile(program, words, options, (error, stdout) => {
      if (error === null) return resolve(stdout)
      if (signal.aborted) return reject(new VarveError('ERR_VARVE_ABORTED', 'stopped on request'))
      // Neither the error's message nor its command line goes into ours: words of the command may be secret.
      const how =
        typeof error.code === 'number' ? `exit code ${error.code}` : (error.code ?? error.signal ?? 'unknown reason')
      reject(new VarveError('ERR_VARVE_BAD_ARGUMENT', `the password command '${program}' failed (${how})`))
    })
    child.stdin?.end()
    child.stderr?.pipe(process.stderr)
  })
  return notEmpty(output, `the password command '${program}' printed nothing`)
}

function notEmpty(text: string, complaint: string): string {
  const password = text.trim()
  if (password === '')
    throw badArgument(complaint, 'for a repository without password, pass --insecure-no-password instead')
  return password
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== ''
}
