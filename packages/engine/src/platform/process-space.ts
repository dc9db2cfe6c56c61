import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Names the set of processes among which a process id means one and the same process: this boot of this machine and, on Linux, this
 * container (its PID namespace). Containers can share the machine's name, and then see each other's process ids as unused.
 *
 * @returns the empty string where the system has no such notion: then the machine's name says it all
 */
export function processSpace(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return ''
  }
}
