import { join } from 'node:path'
import type { FileType } from './storage.ts'

/** Folders by kind of object, as in restic's default layout. */
const FOLDERS = {
  key: 'keys',
  lock: 'locks',
  snapshot: 'snapshots',
  index: 'index',
  pack: 'data',
} as const satisfies Record<Exclude<FileType, 'config'>, string>

/** Permissions of what a repository consists of. */
export interface LayoutModes {
  readonly folder: number
  readonly file: number
}

/** Only for the owner. Files are not writable: their names say what is in them. */
export const PRIVATE_MODES: LayoutModes = { folder: 0o700, file: 0o400 }

/** Also for the group, where somebody made a repository's config readable for it, as restic does. */
export const GROUP_MODES: LayoutModes = { folder: 0o770, file: 0o440 }

/** The folder that holds all objects of a kind, directly or, for packs, in sub-folders. */
export function typeFolder(root: string, type: FileType): string {
  return type === 'config' ? root : join(root, FOLDERS[type])
}

/** The folder that holds an object: packs are spread over 256 by the first two digits of their name. */
export function objectFolder(root: string, type: FileType, name: string): string {
  return type === 'pack' ? join(typeFolder(root, type), name.slice(0, 2)) : typeFolder(root, type)
}

/** The file that an object is. `name` must have been checked. */
export function objectPath(root: string, type: FileType, name: string): string {
  return type === 'config' ? join(root, 'config') : join(objectFolder(root, type, name), name)
}

/** The sub-folders of `data`. */
export const PACK_FOLDERS: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)

/** All folders of a repository below its root, those that hold others first. */
export function allFolders(root: string): readonly string[] {
  const data = typeFolder(root, 'pack')
  return [
    ...Object.values(FOLDERS).map((folder) => join(root, folder)),
    ...PACK_FOLDERS.map((folder) => join(data, folder)),
  ]
}
