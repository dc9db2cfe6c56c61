import { writeAll, writeDurably } from '@varve/platform'
import { lstatSync } from 'node:fs'
import { resolve } from 'node:path'
import { VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { badArgument } from '../bad-argument.ts'
import type { CommandContext } from '../command.ts'

/** The name that stands for standard input or output. */
export const STANDARD = '-'

/**
 * The path of a file that a command is going to write.
 *
 * @param name - as the user gave it
 * @throws ERR_VARVE_EXISTS where something is there that may not be replaced
 */
export function newFile(name: string, { workingFolder }: CommandContext, force: boolean): string {
  const path = resolve(workingFolder, name)
  const there = lstatSync(toFsPath(path), { throwIfNoEntry: false })
  if (there === undefined || (force && there.isFile())) return path
  throw new VarveError('ERR_VARVE_EXISTS', `'${name}' is there already`, {
    hint: there.isFile() ? 'choose another name, or have it replaced with --force' : 'choose another name',
  })
}

/**
 * Writes what a command makes: to standard output, or to a file that appears when it is whole.
 *
 * @param name - as the user gave it
 * @returns how many bytes that were
 * @throws ERR_VARVE_BAD_ARGUMENT where standard output is a terminal or is to hold JSON; ERR_VARVE_EXISTS, ERR_VARVE_STORAGE; what `content` throws
 */
export async function writeOutput(
  name: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  context: CommandContext,
  force: boolean,
): Promise<number> {
  let written = 0
  if (name === STANDARD) {
    if (context.output.isTerminal) throw badArgument('bytes would be printed on the terminal', 'name a file')
    if (context.globals.json === true) throw badArgument('--json and bytes cannot both be printed', 'name a file')
    for await (const bytes of content) {
      await context.output.bytes(bytes)
      written += bytes.length
    }
    return written
  }
  await writeDurably(newFile(name, context, force), async (file) => {
    for await (const bytes of content) {
      await writeAll(file, bytes)
      written += bytes.length
    }
  })
  return written
}
