import { lstatSync, realpathSync, statSync } from 'node:fs'
import { toFsPath, VarveError } from '@varve/engine'
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
  if (!sources.some((source) => lstatSync(toFsPath(source), { throwIfNoEntry: false }) !== undefined)) {
    const [first = ''] = sources
    throw new VarveError(
      'ERR_VARVE_SOURCE',
      sources.length === 1
        ? `'${first}' does not exist`
        : `none of the ${sources.length} sources exists, such as '${first}'`,
    )
  }
  return sources
}

/** What `--target-directory` names: its content is what is meant, even where the name is that of a link to it. */
function existingFolder(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) throw new VarveError('ERR_VARVE_SOURCE', `Target directory '${path}' does not exist`)
  if (!stats.isDirectory()) throw new VarveError('ERR_VARVE_SOURCE', `'${path}' is not a directory`)
  return lstatSync(path).isSymbolicLink() ? realpathSync(path) : path
}
