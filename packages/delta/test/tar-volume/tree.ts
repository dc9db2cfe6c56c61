import { createHash } from 'node:crypto'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { currentPlatform } from '@varve/platform'
import { nameFromBytes, nameToBytes, toFsPath } from '@varve/platform/file-name'

/** An entry that a test makes. */
export type Entry =
  | { readonly type: 'file'; readonly content: Uint8Array; readonly mode?: number; readonly mtime?: bigint }
  | { readonly type: 'dir'; readonly mode?: number; readonly mtime?: bigint }
  | { readonly type: 'symlink'; readonly target: string; readonly mtime?: bigint }

/** 2001-09-09 01:46:40 and a bit. */
export const SOME_TIME = 1_000_000_000_123_456_789n

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
  for (const [place, entry] of made.toSorted(([a], [b]) => b.length - a.length)) {
    if (entry.type !== 'symlink' && entry.mode !== undefined) chmodSync(toFsPath(place), entry.mode)
    const mtime = entry.mtime ?? SOME_TIME
    currentPlatform().setTimes(place, mtime, mtime)
  }
}

/** All that is below a folder, by path: type, permissions, time, and content or target. */
export function readTree(root: string, path = ''): Record<string, string> {
  const found: Record<string, string> = {}
  for (const bytes of readdirSync(toFsPath(`${root}/${path}`), { encoding: 'buffer' })) {
    const name = nameFromBytes(bytes)
    const inside = path === '' ? name : `${path}/${name}`
    const place = toFsPath(`${root}/${inside}`)
    const { mode, mtimeNs, ...stats } = lstatSync(place, { bigint: true })
    const isLink = (mode & 0o170000n) === 0o120000n
    const isFolder = (mode & 0o170000n) === 0o040000n
    const what = isLink
      ? `link to ${nameFromBytes(readlinkSync(place, { encoding: 'buffer' }))}`
      : isFolder
        ? 'dir'
        : (mode & 0o170000n) !== 0o100000n
          ? 'special'
          : `file ${stats.size} ${createHash('sha256').update(readFileSync(place)).digest('hex')}`
    found[inside] = `${isLink ? '' : (mode & 0o7777n).toString(8)} ${mtimeNs} ${what}`
    if (isFolder) Object.assign(found, readTree(root, inside))
  }
  return found
}

/** Bytes that no compression makes smaller, the same for the same seed. */
export function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  let state = seed >>> 0 || 1
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** A file with noise in it. */
export function file(size: number, seed = size + 1): Entry {
  return { type: 'file', content: noise(size, seed) }
}
