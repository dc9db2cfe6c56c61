import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Names the set of processes among which a process id means one and the same process: this boot of this machine and, on Linux, this
 * container (its PID namespace). Containers can share the machine's name, and then see each other's process ids as unused.
 *
 * @returns the empty string where the system has no such notion, so that the machine's name says it all; undefined where it cannot be told
 */
export function processSpace(): string | undefined {
  if (process.platform !== 'linux') return ''
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return undefined
  }
}
