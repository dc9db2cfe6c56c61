import { readFileSync } from 'node:fs'
import { describeError, VarveError } from '@varve/platform/errors'
import { type Environment, expandEnvironment } from './expand-environment.ts'
import { textLines, trimLine } from './text-file.ts'

/**
 * The patterns that a file lists, one on each line, with restic's meaning: white space around a line is dropped, empty lines and lines that
 * start with `#` are passed over, `$NAME` and `${NAME}` stand for what the environment holds and `$$` for a dollar sign.
 *
 * @param path - the file; UTF-8, or UTF-16 with a byte order mark
 * @param environment - values of the variables
 * @throws ERR_VARVE_BAD_ARGUMENT where the file cannot be read
 */
export function readPatternFile(path: string, environment: Environment): readonly string[] {
  return parsePatterns(readBytes(path), environment)
}

/** The patterns in the bytes of such a file; see {@link readPatternFile}. */
export function parsePatterns(bytes: Uint8Array, environment: Environment): readonly string[] {
  return textLines(bytes)
    .map(trimLine)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => expandEnvironment(line, environment))
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `cannot read patterns from ${path}: ${describeError(error)}`, {
      cause: error,
    })
  }
}
