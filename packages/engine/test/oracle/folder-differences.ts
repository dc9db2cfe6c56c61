import { execFileSync, spawnSync } from 'node:child_process'
import { lstatSync, openSync, closeSync, readdirSync, readlinkSync, readSync, type BigIntStats } from 'node:fs'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'

/** What of folders is compared. */
export interface ComparedFolders {
  /** Paths from the folders, starting with `/`, that are not. */
  readonly ignored?: ReadonlySet<string>
}

/**
 * Says in which ways two folders differ, byte for byte and in all metadata that a restore can set: kinds, content, owners, modes, times to the
 * nanosecond, targets of links, numbers of devices, and which names are hard links of one file; extended attributes and access control lists where rsync is
 * installed. It shares nothing with the restore but how names are written.
 */
export function folderDifferences(wanted: string, found: string, options: ComparedFolders = {}): readonly string[] {
  const differences = [...new Comparison(wanted, found, options).run(), ...rsyncDifferences(wanted, found, options)]
  return differences.slice(0, 50)
}

class Comparison {
  readonly #wanted: string
  readonly #found: string
  readonly #ignored: ReadonlySet<string>
  readonly #links = { wanted: new Map<string, string>(), found: new Map<string, string>() }
  readonly #differences: string[] = []

  constructor(wanted: string, found: string, { ignored = new Set() }: ComparedFolders) {
    this.#wanted = wanted
    this.#found = found
    this.#ignored = ignored
  }

  run(): readonly string[] {
    this.#compareEntry('')
    return this.#differences
  }

  #compareFolder(path: string): void {
    const wanted = this.#list(this.#wanted, path)
    const found = new Set(this.#list(this.#found, path))
    for (const name of wanted) {
      if (found.delete(name)) this.#compareEntry(`${path}/${name}`)
      else this.#differences.push(`missing: ${path}/${name}`)
    }
    for (const name of found) this.#differences.push(`too much: ${path}/${name}`)
  }

  #list(folder: string, path: string): readonly string[] {
    const names = readdirSync(toFsPath(folder + path), { encoding: 'buffer' }).map((name) => nameFromBytes(name))
    return names.toSorted().filter((name) => !this.#ignored.has(`${path}/${name}`))
  }

  #compareEntry(path: string): void {
    const wanted = lstatSync(toFsPath(this.#wanted + path), { bigint: true })
    const found = lstatSync(toFsPath(this.#found + path), { bigint: true })
    const fields = ['mode', 'uid', 'gid', 'mtimeNs', 'rdev'] as const
    for (const field of fields) {
      if (wanted[field] !== found[field]) this.#differ(path, field, wanted[field], found[field])
    }
    if (!wanted.isDirectory()) this.#compareLinks(path, wanted, found)
    if (wanted.isDirectory() && found.isDirectory()) this.#compareFolder(path)
    if (wanted.isSymbolicLink() && found.isSymbolicLink()) {
      const targets = [this.#wanted, this.#found].map((root) =>
        nameFromBytes(readlinkSync(toFsPath(root + path), 'buffer')),
      )
      if (targets[0] !== targets[1]) this.#differ(path, 'target', targets[0], targets[1])
    }
    if (!wanted.isFile() || !found.isFile()) return
    if (wanted.size !== found.size) this.#differ(path, 'size', wanted.size, found.size)
    else if (!sameContent(this.#wanted + path, this.#found + path)) this.#differences.push(`${path}: content differs`)
  }

  /** Names of one file there must be names of one file here. */
  #compareLinks(path: string, wanted: BigIntStats, found: BigIntStats): void {
    const first = firstName(this.#links.wanted, wanted, path)
    const here = firstName(this.#links.found, found, path)
    if (wanted.isFile() && first !== here) this.#differ(path, 'hard link', first, here)
  }

  #differ(path: string, what: string, wanted: unknown, found: unknown): void {
    this.#differences.push(`${path}: ${what} ${String(found)} instead of ${String(wanted)}`)
  }
}

function firstName(names: Map<string, string>, { dev, ino }: BigIntStats, path: string): string {
  const key = `${dev}:${ino}`
  const known = names.get(key)
  if (known === undefined) names.set(key, path)
  return known ?? path
}

function sameContent(a: string, b: string): boolean {
  const buffers = [Buffer.alloc(1 << 20), Buffer.alloc(1 << 20)] as const
  const files = [openSync(toFsPath(a), 'r'), openSync(toFsPath(b), 'r')] as const
  try {
    for (;;) {
      const counts = [readSync(files[0], buffers[0]), readSync(files[1], buffers[1])] as const
      if (counts[0] !== counts[1]) return false
      if (counts[0] === 0) return true
      if (!buffers[0].subarray(0, counts[0]).equals(buffers[1].subarray(0, counts[1]))) return false
    }
  } finally {
    for (const file of files) closeSync(file)
  }
}

/** What rsync would change in `found`. */
function rsyncDifferences(wanted: string, found: string, { ignored = new Set() }: ComparedFolders): readonly string[] {
  if (spawnSync('rsync', ['--version']).status !== 0) {
    process.stderr.write('extended attributes are not compared: rsync is not installed\n')
    return []
  }
  const excludes = [...ignored].map((path) => `--exclude=${path}`)
  const options = ['-aHAXn', '--numeric-ids', '--modify-window=-1', '--delete', '--itemize-changes', ...excludes]
  const output = execFileSync('rsync', [...options, `${wanted}/`, `${found}/`], { encoding: 'utf8' })
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `rsync: ${line}`)
}
