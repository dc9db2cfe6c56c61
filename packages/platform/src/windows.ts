import { hostname, userInfo } from 'node:os'
import { win32 } from 'node:path'
import type { Platform } from './platform.ts'
import { processExists } from './process-exists.ts'
import { setTimesInSeconds, setTimesOfFileInSeconds } from './set-times-in-seconds.ts'

const FOLDER_WITH_ALL_PERMISSIONS = 0o040777

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
    setTimesOfFile: setTimesOfFileInSeconds,
    setOwner: () => {
      // Windows has no numeric owners; there is nothing that these numbers could be applied to.
    },
    makeSpecial: (path, type) => {
      throw new Error(`'${path}' cannot be made: Windows has no such thing as a ${type}`)
    },
    // Node makes up permissions from the read-only flag; for folders, restic keeps all of them.
    posixMode: (stats) => (stats.isDirectory() ? FOLDER_WITH_ALL_PERMISSIONS : Number(stats.mode)),
  }
}

/** A drive is a component without its colon; a network share is one component with its backslashes, as restic has it. */
function windowsPathComponents(absolutePath: string): readonly string[] {
  const normal = win32.normalize(absolutePath)
  const { root } = win32.parse(normal)
  const volume = root.replace(/[\\/]+$/, '').replace(/^([A-Za-z]):$/, '$1')
  return [volume, ...normal.slice(root.length).split('\\')].filter((part) => part !== '')
}
