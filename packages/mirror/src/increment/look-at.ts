import { lstatSync, type BigIntStats } from 'node:fs'
import { systemErrorCode } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'

/**
 * What is at a path, be it a link; undefined for nothing.
 * @throws a system error other than for what is not there
 */
export function lookAt(path: string): BigIntStats | undefined {
  try {
    return lstatSync(toFsPath(path), { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ELOOP') return undefined
    throw error
  }
}
