import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What a folder holds: for each path from the folder, kind, mode, and of files time and content. */
export type FolderContent = ReadonlyMap<string, string>

/** Reads what a folder holds, down to every byte. */
export function readFolderContent(folder: string): FolderContent {
  const content = new Map<string, string>()
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    content.set(path.slice(folder.length), describeEntry(path))
  }
  return content
}

function describeEntry(path: string): string {
  const stats = lstatSync(path, { bigint: true })
  const mode = (stats.mode & 0o7777n).toString(8)
  if (stats.isDirectory()) return `folder ${mode}`
  if (stats.isSymbolicLink()) return `link ${readlinkSync(path)}`
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex')
  return `file ${mode} ${stats.mtimeNs} ${stats.size} ${hash}`
}

/** Says in which ways a folder is not as it should be. */
export function contentDifferences(wanted: FolderContent, found: FolderContent): readonly string[] {
  const differences: string[] = []
  for (const [path, entry] of wanted)
    if (found.get(path) !== entry) differences.push(`${path}: '${entry}', but found '${found.get(path) ?? 'nothing'}'`)
  for (const [path, entry] of found) if (!wanted.has(path)) differences.push(`${path}: '${entry}' should not be there`)
  return differences
}
