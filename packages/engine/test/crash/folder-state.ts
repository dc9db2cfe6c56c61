import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** All that a folder holds: kind, mode, time and content of each entry, by path. Two that are equal were restored alike. */
export type FolderState = Readonly<Record<string, string>>

/** Looks at every byte of a folder. The folder itself is not part of it. */
export function folderState(folder: string): FolderState {
  const state: Record<string, string> = {}
  const visit = (path: string): void => {
    for (const name of readdirSync(join(folder, path)).toSorted()) {
      const entry = path === '' ? name : `${path}/${name}`
      state[entry] = entryState(join(folder, entry))
      if (state[entry].startsWith('folder')) visit(entry)
    }
  }
  visit('')
  return state
}

function entryState(path: string): string {
  const { mode, mtimeNs, nlink, size, ...stats } = lstatSync(path, { bigint: true })
  const metadata = `${(Number(mode) & 0o7777).toString(8)} ${mtimeNs}`
  if (lstatSync(path).isSymbolicLink()) return `link ${mtimeNs} to ${readlinkSync(path)}`
  if (lstatSync(path).isDirectory()) return `folder ${metadata}`
  const content = createHash('sha256').update(readFileSync(path)).digest('hex')
  return `file ${metadata} ${stats.uid}:${stats.gid} ${nlink} names ${size} ${content}`
}
