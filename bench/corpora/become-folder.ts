import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes a folder of files equal to a model. What is equal already is not touched. */
export function becomeFolder(folder: string, model: string): void {
  mkdirSync(folder, { recursive: true })
  const wanted = readdirSync(model, { withFileTypes: true })
  const names = new Set(wanted.map(({ name }) => name))
  for (const name of readdirSync(folder)) {
    if (!names.has(name)) rmSync(join(folder, name), { recursive: true })
  }
  for (const entry of wanted) {
    const path = join(folder, entry.name)
    const present = statSync(path, { throwIfNoEntry: false })
    if (present !== undefined && present.isDirectory() !== entry.isDirectory()) rmSync(path, { recursive: true })
    if (entry.isDirectory()) becomeFolder(path, join(model, entry.name))
    else becomeFile(path, readFileSync(join(model, entry.name)))
  }
}

function becomeFile(path: string, content: Buffer): void {
  const present = statSync(path, { throwIfNoEntry: false })
  if (present?.size === content.length && readFileSync(path).equals(content)) return
  writeFileSync(path, content)
}
