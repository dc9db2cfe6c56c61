import type { LibC } from './linux-libc.ts'
import { makeSpecialByCommand, type MakeSpecial } from './special-file-command.ts'
import { systemError } from './system-error.ts'

const S_IFBLK = 0o060000
const S_IFCHR = 0o020000
const PERMISSIONS = 0o600

/** A {@link MakeSpecial} by mkfifo(3) and mknod(2). */
export function linuxMakeSpecial(libc: LibC): MakeSpecial {
  return (path, type, device) => {
    if (type === 'fifo') {
      if (libc.mkfifo(libc.path(path), PERMISSIONS) !== 0) throw systemError(libc.errno(), 'mkfifo', path)
    } else if (libc.mknod === undefined) {
      makeSpecialByCommand(path, type, device)
    } else {
      const mode = PERMISSIONS | (type === 'dev' ? S_IFBLK : S_IFCHR)
      if (libc.mknod(libc.path(path), mode, device) !== 0) throw systemError(libc.errno(), 'mknod', path)
    }
  }
}
