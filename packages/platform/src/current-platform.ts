import type { Platform } from './platform.ts'
import { posixPlatform } from './posix.ts'
import { windowsPlatform } from './windows.ts'

let current: Platform | undefined

/** The platform that this process runs on; the same object each time within a thread. */
export function currentPlatform(): Platform {
  current ??= process.platform === 'win32' ? windowsPlatform() : posixPlatform(process.platform)
  return current
}
