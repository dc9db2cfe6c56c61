import { lchownSync } from 'node:fs'
import { hostname } from 'node:os'
import { posix as posixPath } from 'node:path'
import { toFsPath } from './file-name.ts'
import { LinuxExtendedAttributes } from './linux-extended-attributes.ts'
import { linuxLibC } from './linux-libc.ts'
import { linuxMakeSpecial } from './linux-special-files.ts'
import { linuxSetTimes, linuxSetTimesOfFile } from './linux-times.ts'
import type { Platform } from './platform.ts'
import { PosixAccounts } from './posix-accounts.ts'
import { processExists } from './process-exists.ts'
import { setTimesInSeconds, setTimesOfFileInSeconds } from './set-times-in-seconds.ts'
import { makeSpecialByCommand } from './special-file-command.ts'

type NativeParts = Pick<
  Platform,
  'extendedAttributes' | 'extendedAttributesMissing' | 'setTimes' | 'setTimesOfFile' | 'makeSpecial'
>

/**
 * The platform of Linux, macOS and their relatives.
 *
 * @param osName - as `process.platform`; only on Linux is the C library called
 */
export function posixPlatform(osName: string): Platform {
  const native = nativeParts(osName)
  return {
    separator: '/',
    accounts: new PosixAccounts(),
    ...native,
    pathComponents: (absolutePath) =>
      posixPath
        .normalize(absolutePath)
        .split('/')
        .filter((part) => part !== ''),
    hostName: hostname,
    processExists,
    setOwner: (path, uid, gid) => lchownSync(toFsPath(path), uid, gid),
    posixMode: (stats) => Number(stats.mode),
  }
}

function nativeParts(osName: string): NativeParts {
  const result =
    osName === 'linux' ? linuxLibC() : { missing: `extended attributes are not supported on ${osName} yet` }
  if ('missing' in result) {
    return {
      extendedAttributes: undefined,
      extendedAttributesMissing: result.missing,
      setTimes: setTimesInSeconds,
      setTimesOfFile: setTimesOfFileInSeconds,
      makeSpecial: makeSpecialByCommand,
    }
  }
  return {
    extendedAttributes: new LinuxExtendedAttributes(result.libc),
    extendedAttributesMissing: undefined,
    setTimes: linuxSetTimes(result.libc),
    setTimesOfFile: linuxSetTimesOfFile(result.libc),
    makeSpecial: linuxMakeSpecial(result.libc),
  }
}
