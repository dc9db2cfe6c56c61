import { getSystemErrorMessage, getSystemErrorName } from 'node:util'

/**
 * An error like those that `node:fs` throws, for a system call that was made without it.
 *
 * @param errno - the positive number that the C library left
 * @param syscall - name of the call
 * @param path - what it was about
 */
export function systemError(errno: number, syscall: string, path: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno)
  const message = getSystemErrorMessage(-errno) ?? 'unknown error'
  return Object.assign(new Error(`${code}: ${message}, ${syscall} '${path}'`), { errno: -errno, code, syscall, path })
}
