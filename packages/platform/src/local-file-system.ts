import { statfs } from 'node:fs/promises'

/**
 * `f_type` of the Linux file systems that lie on this machine alone (statfs(2), linux/magic.h, and for ZFS its own header). Whatever is not
 * among them may be shared with other machines, whose kernels see changes late.
 */
const LOCAL_TYPES: ReadonlySet<bigint> = new Set([
  0xef53n, // ext2, ext3, ext4
  0x5846_5342n, // XFS
  0x9123_683en, // btrfs
  0x2fc1_2fc1n, // ZFS
  0xf2f5_2010n, // F2FS
  0xca45_1a4en, // bcachefs
  0x0102_1994n, // tmpfs
  0x8584_58f6n, // ramfs
  0x794c_7630n, // overlayfs
])

/**
 * Whether a folder certainly lies on a file system of this machine alone, so that all who use it see what each of them does at once. False
 * where that cannot be told: on network file systems, in user space (FUSE), on systems other than Linux.
 */
export async function isOnLocalFileSystem(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return false
  const { type } = await statfs(path, { bigint: true })
  return LOCAL_TYPES.has(BigInt.asUintN(32, type))
}
