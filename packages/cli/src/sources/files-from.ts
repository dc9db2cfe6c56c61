import { readFile } from 'node:fs/promises'
import { describeError, expandFilesFrom, parseFilesFromRaw, parseFilesFromVerbatim, VarveError } from '@varve/engine'

/** Lists of sources in files, as the options name them. `-` is standard input. */
export interface SourceLists {
  /** `--files-from`: patterns, one a line, with comments. */
  readonly patterns: readonly string[]
  /** `--files-from-verbatim`: paths, one a line. */
  readonly verbatim: readonly string[]
  /** `--files-from-raw`: paths of any bytes, each ended by a zero byte. */
  readonly raw: readonly string[]
}

/**
 * The sources that lists in files name.
 *
 * @param workingFolder - what relative patterns are relative to
 * @param onUnmatched - told of each pattern that matches nothing
 * @throws ERR_VARVE_BAD_ARGUMENT where a list cannot be read or is not well-formed
 */
export async function readSourceLists(
  lists: SourceLists,
  standardInput: AsyncIterable<Uint8Array>,
  workingFolder: string,
  onUnmatched: (pattern: string) => void,
): Promise<readonly string[]> {
  const sources: string[] = []
  for (const list of lists.patterns) {
    const { paths, unmatched } = expandFilesFrom(await readList(list, standardInput), workingFolder)
    for (const pattern of unmatched) onUnmatched(pattern)
    sources.push(...paths)
  }
  for (const list of lists.verbatim) sources.push(...parseFilesFromVerbatim(await readList(list, standardInput)))
  for (const list of lists.raw) sources.push(...parseFilesFromRaw(await readList(list, standardInput)))
  return sources
}

async function readList(list: string, standardInput: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  try {
    return list === '-' ? await readAll(standardInput) : await readFile(list)
  } catch (error) {
    const message = `cannot read the list of sources '${list}': ${describeError(error)}`
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', message, { cause: error })
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}
