import type { BigIntStats } from 'node:fs'
import { currentPlatform } from '@varve/platform'
import type { WritableEntry } from './entry-encoding.ts'
import type { MemberMetadata } from './tar-volume-options.ts'

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

/** An entry for a file that is not one of the file system; it is the current user's. */
export function fileEntry(path: string, { mode = 0o644, mtime }: MemberMetadata): WritableEntry {
  const { uid, gid, name: userName } = currentPlatform().accounts.currentUser()
  return {
    path,
    type: 'file',
    size: 0,
    mode,
    mtime: mtime ?? BigInt(Date.now()) * 1_000_000n,
    uid,
    gid,
    userName,
    groupName: '',
    linkTarget: '',
  }
}
