import { readFileSync } from 'node:fs'

/** All bits: whoever respects these leaves no mode to the system. */
const ANY = 0o777

/**
 * The bits of a mode that this process's new files do not get. Node's own `process.umask` sets it in order to read it, which other threads
 * would notice.
 *
 * @returns all of them where the system does not say (Linux does, proc_pid_status(5))
 */
export function currentUmask(): number {
  try {
    const [, digits] = /^Umask:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? []
    return digits === undefined ? ANY : Number.parseInt(digits, 8)
  } catch {
    return ANY
  }
}
