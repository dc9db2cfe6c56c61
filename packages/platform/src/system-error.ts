import { getSystemErrorMessage, getSystemErrorName } from 'node:util'

/**
 * An error like those that `node:fs` throws, for a system call that was made without it.
 *
 * @param errno - the positive number that the C library left
 * @param syscall - name of the call
 * @param path - what it was about, if the call had one
 */
export function systemError(errno: number, syscall: string, path?: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno)
  const message = getSystemErrorMessage(-errno) ?? 'unknown error'
  const call = path === undefined ? syscall : `${syscall} '${path}'`
  const facts = { errno: -errno, code, syscall, ...(path === undefined ? {} : { path }) }
  return Object.assign(new Error(`${code}: ${message}, ${call}`), facts)
}
