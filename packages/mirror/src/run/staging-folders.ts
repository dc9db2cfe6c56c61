import type { FileSteps } from '../disk/file-steps.ts'
import type { EntryRow } from '../scan/entry-table.ts'

/** Makes the folders below one of ours as files need them. */
export class StagingFolders {
  readonly #steps: FileSteps
  /** The folder that they are below. */
  readonly root: string
  readonly #made = new Set<string>()

  /** @param root - absolute; made by the first file */
  constructor(steps: FileSteps, root: string) {
    this.#steps = steps
    this.root = root
  }

  /** Whether a folder was made. */
  has(folder: string): boolean {
    return this.#made.has(folder)
  }

  /** Where an entry lies; the folders around it are there then. */
  prepare(path: string): string {
    const slash = path.lastIndexOf('/')
    this.make(slash < 0 ? '' : path.slice(0, slash))
    return `${this.root}/${path}`
  }

  /** Makes a folder, and those around it. */
  make(folder: string): void {
    if (this.#made.has(folder)) return
    if (folder !== '') this.make(folder.includes('/') ? folder.slice(0, folder.lastIndexOf('/')) : '')
    this.#steps.makeFolder(folder === '' ? this.root : `${this.root}/${folder}`)
    this.#made.add(folder)
  }

  /**
   * Gives the folders their permissions, so that they show nobody more than the originals do, and times. Their owner can always change what is in them.
   * @param find - the original of a folder
   */
  finish(find: (folder: string) => EntryRow | undefined, keepsOwners: boolean): void {
    for (const folder of [...this.#made].toReversed()) {
      const row = find(folder)
      if (row?.kind !== 'dir') continue
      const path = folder === '' ? this.root : `${this.root}/${folder}`
      if (keepsOwners && (row.uid !== 0 || row.gid !== 0)) this.#steps.setOwner(path, row.uid, row.gid)
      this.#steps.setFolderMode(path, row.mode | 0o700)
      this.#steps.setTime(path, row.mtime)
    }
  }
}
