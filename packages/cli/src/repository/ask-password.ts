import { isVarveError } from '@varve/engine'
import { badArgument } from '../bad-argument.ts'
import type { CommandContext } from '../command.ts'
import { askSecret, openTerminal, type Terminal } from '../terminal/ask-secret.ts'

/** How often a person may try. */
const TRIES = 3

/**
 * Asks a person for the password of a repository that is to be made, twice; undefined where nobody can be asked.
 * @throws ERR_VARVE_BAD_ARGUMENT where it is empty or the two differ, ERR_VARVE_ABORTED
 */
export async function askNewPassword(title: string, context: CommandContext): Promise<string | undefined> {
  return withTerminal(async (terminal) => {
    const ask = (prompt: string): Promise<string> => askSecret(terminal, prompt, context.output, context.signal)
    const password = await ask(`Password for the new repository ${title}: `)
    if (password === '') {
      throw badArgument('the password is empty', 'to make a repository without password, pass --insecure-no-password')
    }
    if ((await ask('The same password again: ')) === password) return password
    throw badArgument('the two passwords are not the same')
  })
}

/**
 * Asks a person for the password of a repository until it opens, three times at most; undefined where nobody can be asked.
 *
 * @param open - tries a password
 * @throws ERR_VARVE_WRONG_PASSWORD, ERR_VARVE_ABORTED, and what `open` throws
 */
export async function askPassword<T>(
  title: string,
  context: CommandContext,
  open: (password: string) => Promise<T>,
): Promise<T | undefined> {
  const { output, signal } = context
  return withTerminal(async (terminal) => {
    for (let left = TRIES; ; left--) {
      const password = await askSecret(terminal, `Password for ${title}: `, output, signal)
      try {
        return await open(password)
      } catch (error) {
        if (left === 1 || !isVarveError(error, 'ERR_VARVE_WRONG_PASSWORD')) throw error
        output.errorLine('That is not the password.')
      }
    }
  })
}

async function withTerminal<T>(ask: (terminal: Terminal) => Promise<T>): Promise<T | undefined> {
  const terminal = openTerminal()
  if (terminal === undefined) return undefined
  try {
    return await ask(terminal)
  } finally {
    terminal.close()
  }
}
