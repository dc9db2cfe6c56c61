import type { BigIntStats } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { win32 } from 'node:path'
import { FileMode, fileModeFromPosix } from '../repository/file-mode.ts'
import type { Platform } from './platform.ts'
import { processExists } from './process-exists.ts'
import { setTimesInSeconds } from './set-times-in-seconds.ts'

/** The platform of Windows: without owners, extended attributes and special files; times as exact as Node sets them. */
export function windowsPlatform(): Platform {
  return {
    separator: '\\',
    accounts: {
      userName: () => '',
      groupName: () => '',
      currentUser: () => ({ name: userInfo().username, uid: 0, gid: 0 }),
    },
    extendedAttributes: undefined,
    extendedAttributesMissing: 'extended attributes are not supported on Windows',
    pathComponents: windowsPathComponents,
    hostName: hostname,
    processExists,
    setTimes: setTimesInSeconds,
    setOwner: () => {
      // Windows has no numeric owners; there is nothing that these numbers could be applied to.
    },
    makeSpecial: (path, type) => {
      throw new Error(`'${path}' cannot be made: Windows has no such thing as a ${type}`)
    },
    nodeMode: (stats: BigIntStats) => {
      const mode = fileModeFromPosix(Number(stats.mode))
      // Node makes up permissions from the read-only flag; for folders, restic keeps all of them.
      return mode >= FileMode.dir ? FileMode.dir + FileMode.permissions : mode
    },
  }
}

/** A drive is a component without its colon; a network share is one component with its backslashes, as restic has it. */
function windowsPathComponents(absolutePath: string): readonly string[] {
  const normal = win32.normalize(absolutePath)
  const { root } = win32.parse(normal)
  const volume = root.replace(/[\\/]+$/, '').replace(/^([A-Za-z]):$/, '$1')
  return [volume, ...normal.slice(root.length).split('\\')].filter((part) => part !== '')
}
