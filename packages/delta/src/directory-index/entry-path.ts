import { nameToBytes } from '@varve/platform/file-name'

const SLASH = 0x2f
const FIRST_SURROGATE = 0xd800

/** Bytes of the longest path, and of the longest target of a symbolic link, that an index keeps. */
export const LONGEST_PATH = 0xffff

/**
 * Orders relative paths as a walk meets them that takes each folder's entries in the order of their names' bytes: a folder comes before what is in it,
 * and nothing else comes between. It is the order of the paths' bytes with `/` before all others.
 *
 * @returns negative, 0 or positive
 */
export function comparePaths(a: string, b: string): number {
  if (a === b) return 0
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    if (x === SLASH) return -1
    if (y === SLASH) return 1
    if (x < FIRST_SURROGATE && y < FIRST_SURROGATE) return x - y
    // The first bytes that differ belong to the first characters that do, and neither of those is a slash.
    return Buffer.compare(nameToBytes(a), nameToBytes(b))
  }
  return a.length - b.length
}

/**
 * Whether `path` names something below a folder and nowhere else: neither absolute, nor through `.` or `..`, nor with empty names or NUL, nor, on Windows, with what
 * separates names, drives and streams there.
 */
export function isEntryPath(path: string): boolean {
  if (path === '' || path.includes('\0') || (process.platform === 'win32' && /[\\:]/.test(path))) return false
  return path.split('/').every((name) => name !== '' && name !== '.' && name !== '..')
}

/** The path of the folder that holds an entry; the empty string for the indexed folder itself. */
export function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** Whether `path` lies below the folder `folder`, at any depth. */
export function isBelow(path: string, folder: string): boolean {
  return path.length > folder.length && path.startsWith(folder) && path.charCodeAt(folder.length) === SLASH
}
