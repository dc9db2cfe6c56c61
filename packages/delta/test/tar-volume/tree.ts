import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { nameToBytes, toFsPath } from '@varve/platform/file-name'
import { lookAround, type Node, noise, settle } from '../directory-index/trees.ts'

/** An entry that a test makes. */
export type Entry =
  Extract<Node, { readonly type: 'file' | 'symlink' }> | Omit<Extract<Node, { readonly type: 'dir' }>, 'entries'>

/** Makes entries in a folder, which is made as well; folders that are not named but needed are made too. */
export function makeTree(root: string, entries: Readonly<Record<string, Entry>>): void {
  mkdirSync(toFsPath(root), { recursive: true })
  const made: [string, Entry][] = []
  for (const [path, entry] of Object.entries(entries)) {
    const place = `${root}/${path}`
    mkdirSync(toFsPath(place.slice(0, place.lastIndexOf('/'))), { recursive: true })
    if (entry.type === 'dir') mkdirSync(toFsPath(place), { recursive: true })
    else if (entry.type === 'file') writeFileSync(toFsPath(place), entry.content)
    else symlinkSync(nameToBytes(entry.target), toFsPath(place))
    made.push([place, entry])
  }
  // Those below before those above, whose times they change.
  for (const [place, entry] of made.toSorted(([a], [b]) => b.length - a.length)) settle(place, entry)
}

/** All that is below a folder, by path: type, permissions, time, and content or target. */
export function readTree(root: string): Record<string, string> {
  const tree: Record<string, string> = {}
  for (const [path, { type, mode, mtimeNs, size, content }] of lookAround(root)) {
    if (path === '') continue
    const what = { file: `file ${size} ${content}`, dir: 'dir', symlink: `link to ${content}`, special: 'special' }[
      type
    ]
    tree[path] = `${type === 'symlink' ? '' : (mode & 0o7777n).toString(8)} ${mtimeNs} ${what}`
  }
  return tree
}

/** A file with noise in it. */
export function file(size: number, seed = size + 1): Entry {
  return { type: 'file', content: noise(size, seed) }
}
