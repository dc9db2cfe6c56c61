import { isEntryName, nameFromBytes, nameToBytes } from '@varve/platform/file-name'

/** Longest path, in characters, that metadata may have; what no file system can hold is no path. */
const LONGEST = 0xffff

/**
 * Whether `path` names something below a folder and nowhere else: neither absolute, nor through `.` or `..`, nor with empty names or NUL, nor, on Windows,
 * with what separates names, drives and streams there. One entry has one path: the string is the one that its bytes give.
 */
export function isTrackedPath(path: string): boolean {
  if (path.length > LONGEST || (process.platform === 'win32' && /[\\:]/.test(path))) return false
  return path.split('/').every(isEntryName) && isNameOfBytes(path)
}

/** Whether a string stands for bytes in the one way in which names do. */
export function isNameOfBytes(text: string): boolean {
  if (text.isWellFormed()) return true
  try {
    return nameFromBytes(nameToBytes(text)) === text
  } catch {
    return false
  }
}
