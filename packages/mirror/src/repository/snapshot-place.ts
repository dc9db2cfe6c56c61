import { type ImportedEntry, sourceComponents } from '@varve/engine'
import type { EntryRow } from '../scan/entry-table.ts'

/** Where in a snapshot a source lies. */
export class SnapshotPlace {
  /** The source's path as the snapshot says it. */
  readonly source: string
  /** In the snapshot: absolute, with `/` between names; empty where everything was the source. */
  readonly path: string

  /** @param source - absolute path of a folder, of this operating system or another */
  constructor(source: string) {
    this.source = source.toWellFormed()
    this.path = sourceComponents(source)
      .map((name) => `/${name}`)
      .join('')
  }

  /** Where an entry of the source lies; the source itself has the empty path. */
  of(path: string): string {
    return path === '' ? this.path : `${this.path}/${path}`
  }

  /** The source and the folders around it, of which no increment tells. */
  *folders({ mode, mtime, uid, gid }: Pick<EntryRow, 'mode' | 'mtime' | 'uid' | 'gid'>): Generator<ImportedEntry> {
    const names = this.path.split('/').slice(1)
    for (const [index] of names.entries()) {
      const path = `/${names.slice(0, index + 1).join('/')}`
      yield { path, type: 'dir', mode: index === names.length - 1 ? mode : 0o755, mtime, uid, gid }
    }
  }
}
