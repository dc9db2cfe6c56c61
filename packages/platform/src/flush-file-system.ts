import { closeSync, openSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { toFsPath } from './file-name.ts'
import { linuxLibC } from './linux-libc.ts'
import { systemError } from './system-error.ts'

/**
 * Makes durable everything that has been written to the file system on which a folder lies (syncfs(2)): far cheaper than to flush thousands of small files one by one. Where only all
 * file systems together can be flushed, they are.
 *
 * @throws a system error where something that was written before could not be stored
 */
export function flushFileSystem(folder: string): void {
  const result = process.platform === 'linux' ? linuxLibC() : { missing: '' }
  if ('missing' in result) {
    // There is no such thing on Windows, whose file systems write what is closed soon after.
    if (process.platform !== 'win32') spawnSync('sync')
    return
  }
  const fd = openSync(toFsPath(folder), 'r')
  try {
    if (result.libc.syncfs(fd) !== 0) throw systemError(result.libc.errno(), 'syncfs', folder)
  } finally {
    closeSync(fd)
  }
}
