import { lstatSync, realpathSync, statSync } from 'node:fs'
import { describeError, systemErrorCode, toFsPath, VarveError } from '@varve/engine'
import { badArgument } from '../bad-argument.ts'
import { readSourceLists, type SourceLists } from './files-from.ts'

/** Everything on a command line that says what to save. */
export interface SourceArguments extends SourceLists {
  readonly paths: readonly string[]
  /** Value of `--target-directory`. */
  readonly targetDirectory: string | undefined
}

/**
 * The sources that a command line names, in its order; at least one of them exists.
 *
 * @param onUnmatched - told of each pattern in a list that matches nothing
 * @throws ERR_VARVE_SOURCE where none exists or the target directory is none, ERR_VARVE_BAD_ARGUMENT where none is named or a list is faulty
 */
export async function collectSources(
  given: SourceArguments,
  standardInput: AsyncIterable<Uint8Array>,
  workingFolder: string,
  onUnmatched: (pattern: string) => void,
): Promise<readonly string[]> {
  const listed = await readSourceLists(given, standardInput, workingFolder, onUnmatched)
  const target = given.targetDirectory === undefined ? [] : [existingFolder(given.targetDirectory)]
  const sources = [...listed, ...target, ...given.paths]
  if (sources.length === 0) {
    throw badArgument('nothing to save was named', 'name files or folders: varve snapshot FOLDER')
  }
  if (sources.includes('')) throw badArgument('one of the sources is an empty name')
  // Known before a repository is made for them.
  const [first = ''] = sources
  if (sources.length === 1 && !exists(first))
    throw new VarveError('ERR_VARVE_SOURCE', `'${first}' does not exist`, hintFor(first))
  if (!sources.some((source) => mayExist(source))) {
    const message = `none of the ${sources.length} sources exists, such as '${first}'`
    throw new VarveError('ERR_VARVE_SOURCE', message, hintFor(first))
  }
  return sources
}

/** @throws ERR_VARVE_SOURCE where that cannot be told */
function exists(source: string): boolean {
  try {
    return lstatSync(toFsPath(source), { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    // A part of the path may be a file.
    if (systemErrorCode(error) === 'ENOTDIR') return false
    throw new VarveError('ERR_VARVE_SOURCE', `'${source}' cannot be saved: ${describeError(error)}`, { cause: error })
  }
}

/** Whether a source exists, or that cannot be told. */
function mayExist(source: string): boolean {
  try {
    return exists(source)
  } catch {
    return true
  }
}

/** Node hands over arguments as text: what is not UTF-8 comes as U+FFFD, and names something else. */
function hintFor(source: string): { readonly hint?: string } {
  if (!source.includes('\uFFFD')) return {}
  return { hint: 'a name that is not valid UTF-8 cannot be an argument: put it into a file for --files-from-raw' }
}

/** What `--target-directory` names: its content is what is meant, even where the name is that of a link to it. */
function existingFolder(path: string): string {
  if (!exists(path))
    throw new VarveError('ERR_VARVE_SOURCE', `Target directory '${path}' does not exist`, hintFor(path))
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats?.isDirectory() !== true) throw new VarveError('ERR_VARVE_SOURCE', `'${path}' is not a directory`)
  return lstatSync(path).isSymbolicLink() ? realpathSync(path) : path
}
