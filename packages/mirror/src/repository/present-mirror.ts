import { lstatSync } from 'node:fs'
import type { ImportedEntry, LocatedFile } from '@varve/engine'
import { toFsPath, VarveError } from '@varve/platform'
import { lookAt } from '../increment/look-at.ts'
import type { TrackedEntry } from '../increment/tree-digest.ts'
import { type EntryRow, EntryTable } from '../scan/entry-table.ts'
import { scanMirror } from '../scan/scan-folder.ts'
import type { MirrorLayout } from '../state/mirror-layout.ts'
import type { SnapshotPlace } from './snapshot-place.ts'

/** What the original program keeps of its mirror, in the mirror. */
const ORIGINAL_STATE = 'mirror.json'

/** A mirror as it is: with what is not tracked, and with owners, of which increments tell nothing. */
export class PresentMirror {
  readonly #table: EntryTable
  readonly #folder: string
  readonly #skipped: string | undefined

  /**
   * Looks at a mirror; undefined where there is none.
   *
   * @param isOriginal - whether the original program made it
   * @throws the system's error
   */
  static lookAt({ mirror }: MirrorLayout, isOriginal: boolean): PresentMirror | undefined {
    if (lookAt(mirror)?.isDirectory() !== true) return undefined
    return new PresentMirror(mirror, new EntryTable(scanMirror(mirror)), isOriginal ? ORIGINAL_STATE : undefined)
  }

  private constructor(folder: string, table: EntryTable, skipped: string | undefined) {
    this.#folder = folder
    this.#table = table
    this.#skipped = skipped
  }

  /** The folder itself. */
  get root(): EntryRow {
    return this.#table.row(0)
  }

  /** Owner of an entry, or where it is not there any more of the folder around it. */
  ownerOf(path: string): Pick<EntryRow, 'uid' | 'gid'> {
    for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
      const row = this.#table.find(at)
      if (row !== undefined) return row
    }
    return this.root
  }

  /** Whether a tree is all that the mirror holds, as far as can be told without reading. */
  isOnly(tree: readonly TrackedEntry[]): boolean {
    let next = 0
    for (const [path, { kind, mode, mtime, size, target }] of this.#rows()) {
      const entry = tree[next++]
      if (entry?.path !== path || entry.state.type !== kind) return false
      const { state } = entry
      if (state.mode !== mode || state.mtime !== mtime) return false
      if (state.type === 'file' ? state.size !== size : state.type === 'symlink' && state.target !== target)
        return false
    }
    return next === tree.length
  }

  /** All entries, as an import takes them. */
  *entries(place: SnapshotPlace): Generator<ImportedEntry> {
    for (const [relative, { kind, mode, mtime, size, target, uid, gid }] of this.#rows()) {
      const common = { path: place.of(relative), mode, mtime, uid, gid }
      if (kind === 'dir') yield { ...common, type: 'dir' }
      else if (kind === 'symlink') yield { ...common, type: 'symlink', target: target ?? '' }
      else if (kind === 'file') {
        const content = { key: undefined, locate: () => this.#locate(relative, mtime) }
        yield { ...common, type: 'file', size, content }
      }
    }
  }

  *#rows(): Generator<readonly [string, EntryRow]> {
    for (const [row, path] of this.#table.paths.entries()) {
      if (path !== '' && path !== this.#skipped) yield [path, this.#table.row(row)]
    }
  }

  #locate(relative: string, mtime: bigint): LocatedFile {
    const path = `${this.#folder}/${relative}`
    const state = lstatSync(toFsPath(path), { bigint: true })
    if (state.isFile() && state.mtimeNs === mtime) return { path, state }
    throw new VarveError('ERR_VARVE_SOURCE', 'it changed while the mirror was imported')
  }
}
