/** Bits of Go's `os.FileMode`, in which the repository keeps an entry's mode (https://pkg.go.dev/io/fs#FileMode). */
export const FileMode = {
  dir: 0x8000_0000,
  symlink: 0x0800_0000,
  device: 0x0400_0000,
  namedPipe: 0x0200_0000,
  socket: 0x0100_0000,
  setuid: 0x0080_0000,
  setgid: 0x0040_0000,
  charDevice: 0x0020_0000,
  sticky: 0x0010_0000,
  irregular: 0x0008_0000,
  /** Read, write and execute for owner, group and others. */
  permissions: 0o777,
} as const

const POSIX_TYPE = 0o170000
const POSIX_SETUID = 0o4000
const POSIX_SETGID = 0o2000
const POSIX_STICKY = 0o1000

/**
 * The mode that the repository keeps for POSIX's `st_mode`.
 * A type that POSIX does not know becomes {@link FileMode.irregular}.
 */
export function fileModeFromPosix(stMode: number): number {
  let mode = (stMode & FileMode.permissions) + typeFromPosix(stMode & POSIX_TYPE)
  if (stMode & POSIX_SETUID) mode += FileMode.setuid
  if (stMode & POSIX_SETGID) mode += FileMode.setgid
  if (stMode & POSIX_STICKY) mode += FileMode.sticky
  return mode
}

/** The bits for `chmod` (0 to 0o7777) of a mode that the repository keeps. */
export function posixPermissions(goMode: number): number {
  let permissions = goMode & FileMode.permissions
  if (goMode & FileMode.setuid) permissions |= POSIX_SETUID
  if (goMode & FileMode.setgid) permissions |= POSIX_SETGID
  if (goMode & FileMode.sticky) permissions |= POSIX_STICKY
  return permissions
}

function typeFromPosix(type: number): number {
  switch (type) {
    case 0o100000:
      return 0
    case 0o040000:
      return FileMode.dir
    case 0o120000:
      return FileMode.symlink
    case 0o060000:
      return FileMode.device
    case 0o020000:
      return FileMode.device + FileMode.charDevice
    case 0o010000:
      return FileMode.namedPipe
    case 0o140000:
      return FileMode.socket
    default:
      return FileMode.irregular
  }
}
