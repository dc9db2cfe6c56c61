import { VarveError } from '@varve/platform/errors'
import { nameFromBytes } from '@varve/platform/file-name'
import { globPaths } from './glob-paths.ts'
import { textLines, trimLine } from './text-file.ts'

/** Paths that a list of patterns stands for. */
export interface ExpandedFiles {
  readonly paths: readonly string[]
  /** Patterns that no file matches. */
  readonly unmatched: readonly string[]
}

/**
 * The paths that a list names by patterns, one on each line (`--files-from`): white space around a line is dropped, empty lines and lines
 * that start with `#` are passed over.
 *
 * @param bytes - the list; UTF-8, or UTF-16 with a byte order mark
 * @param folder - what relative patterns are relative to; their paths stay relative
 * @throws ERR_VARVE_BAD_ARGUMENT naming a malformed pattern
 */
export function expandFilesFrom(bytes: Uint8Array, folder: string): ExpandedFiles {
  const paths: string[] = []
  const unmatched: string[] = []
  for (const pattern of textLines(bytes).map(trimLine)) {
    if (pattern === '' || pattern.startsWith('#')) continue
    const found = globPaths(pattern, folder)
    if (found.length === 0) unmatched.push(pattern)
    paths.push(...found)
  }
  return { paths, unmatched }
}

/** The paths of a list with one on each line, taken as they are (`--files-from-verbatim`). */
export function parseFilesFromVerbatim(bytes: Uint8Array): readonly string[] {
  return textLines(bytes).filter((line) => line !== '')
}

/**
 * The paths of a list in which a zero byte ends each (`--files-from-raw`).
 * @throws ERR_VARVE_BAD_ARGUMENT where a path is empty or the last lacks its zero byte
 */
export function parseFilesFromRaw(bytes: Uint8Array): readonly string[] {
  const paths: string[] = []
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0, start)
    if (end < 0) throw badList('the last path has no zero byte after it')
    if (end === start) throw badList('a path is empty')
    paths.push(nameFromBytes(bytes.subarray(start, end)))
    start = end + 1
  }
  return paths
}

function badList(what: string): VarveError {
  return new VarveError('ERR_VARVE_BAD_ARGUMENT', `the list of files is not separated by zero bytes: ${what}`)
}
