import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'

/** Makes a FIFO or a device node with permissions 0600. Throws where that fails. */
export type MakeSpecial = (path: string, type: 'fifo' | 'dev' | 'chardev', device: bigint) => void

/**
 * A {@link MakeSpecial} by the commands `mkfifo` and `mknod` (POSIX and, for `mknod`, custom), for where the C library cannot be called.
 * A command takes only arguments that are valid Unicode, so that a path which is not cannot be made this way: it throws.
 */
export function makeSpecialByCommand(path: string, type: 'fifo' | 'dev' | 'chardev', device: bigint): void {
  if (!path.isWellFormed()) throw new Error(`cannot make '${path.toWellFormed()}': its name is not valid UTF-8`)
  const { major, minor } = splitDevice(device)
  const [command, args] =
    type === 'fifo'
      ? ['mkfifo', ['--', path]]
      : ['mknod', ['--', path, type === 'dev' ? 'b' : 'c', String(major), String(minor)]]
  const { error, status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(stderr.trim() || `${command} failed with status ${status}`)
  chmodSync(path, 0o600)
}

/** The parts of a device number: as macOS packs them, or as Linux does in `st_rdev`. */
function splitDevice(device: bigint): { readonly major: bigint; readonly minor: bigint } {
  if (process.platform === 'darwin') return { major: (device >> 24n) & 0xffn, minor: device & 0xff_ffffn }
  return {
    major: ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n),
    minor: (device & 0xffn) | ((device >> 12n) & 0xffff_ff00n),
  }
}
