import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of all files (no links, no folders) below a folder, always in the same order. */
export function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const files: string[] = []
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) for (const file of filesBelow(path)) files.push(file)
    else if (entry.isFile()) files.push(path)
  }
  return files
}
