import { lstatSync, readdirSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { VarveError } from '@varve/platform/errors'
import { compareNames, nameFromBytes, toFsPath } from '@varve/platform/file-name'
import { byteString } from './byte-string.ts'
import { compileGlob } from './glob.ts'

/**
 * The existing paths that match a pattern, with the meaning of Go's `filepath.Glob` (https://pkg.go.dev/path/filepath#Glob): folders that
 * cannot be read match nothing; the names of each folder come in order; a star does match a leading dot.
 *
 * @param pattern - components as {@link compileGlob} has them, with `/` between
 * @param folder - what a relative pattern is relative to; its paths stay relative
 * @throws ERR_VARVE_BAD_ARGUMENT where the pattern is malformed
 */
export function globPaths(pattern: string, folder: string): readonly string[] {
  if (!hasMeta(pattern)) return exists(posix.resolve(folder, pattern)) ? [pattern] : []
  const cut = pattern.lastIndexOf('/') + 1
  const glob = compileGlob(byteString(pattern.slice(cut)))
  if (glob === undefined) throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `the pattern '${pattern}' is malformed`)
  const parent = cut === 0 ? '.' : cut === 1 ? '/' : pattern.slice(0, cut - 1)
  const parents = hasMeta(parent) ? globPaths(parent, folder) : [parent]
  return parents.flatMap((found) =>
    listNames(posix.resolve(folder, found))
      .filter((name) => glob.matches(byteString(name)))
      .map((name) => posix.join(found, name)),
  )
}

function hasMeta(pattern: string): boolean {
  return /[*?[\\]/.test(pattern)
}

function exists(path: string): boolean {
  try {
    return lstatSync(toFsPath(path), { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

function listNames(folder: string): readonly string[] {
  const path = toFsPath(folder)
  try {
    if (!statSync(path).isDirectory()) return []
    return readdirSync(path, { encoding: 'buffer' }).map(nameFromBytes).toSorted(compareNames)
  } catch {
    return []
  }
}
