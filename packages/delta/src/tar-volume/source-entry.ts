import type { BigIntStats } from 'node:fs'
import { currentPlatform } from '@varve/platform'
import type { WritableEntry } from './entry-encoding.ts'
import type { MemberMetadata, NewMember } from './tar-volume-options.ts'

/** What a tar keeps of any entry besides its name and content. */
export type EntryMetadata = Pick<WritableEntry, 'mode' | 'mtime' | 'uid' | 'gid' | 'userName' | 'groupName'>

/** The metadata of an entry of the file system. */
export function metadataOf(stats: BigIntStats): EntryMetadata {
  const platform = currentPlatform()
  const [uid, gid] = [Number(stats.uid), Number(stats.gid)]
  return {
    mode: platform.posixMode(stats) & 0o7777,
    mtime: stats.mtimeNs,
    uid,
    gid,
    userName: platform.accounts.userName(uid),
    groupName: platform.accounts.groupName(gid),
  }
}

/** A file that is not one of the file system. */
export function fileMember(path: string, { mode = 0o644, mtime }: MemberMetadata): NewMember {
  return { path, type: 'file', mode, mtime: mtime ?? BigInt(Date.now()) * 1_000_000n }
}

/** The entry for a member that a caller describes; it is the current user's. */
export function memberEntry({ path, ...member }: NewMember, prefix: string): WritableEntry {
  const { uid, gid, name: userName } = currentPlatform().accounts.currentUser()
  const full = [prefix, path].filter((part) => part !== '').join('/')
  return { size: 0, linkTarget: '', ...member, path: full, uid, gid, userName, groupName: '' }
}

/** What an entry is that is neither file nor folder nor symbolic link; undefined where no tar has such. */
export function specialType(stats: BigIntStats): 'fifo' | 'dev' | 'chardev' | undefined {
  if (stats.isFIFO()) return 'fifo'
  if (stats.isBlockDevice()) return 'dev'
  return stats.isCharacterDevice() ? 'chardev' : undefined
}
