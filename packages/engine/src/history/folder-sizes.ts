import type { BlobIndex } from '../repository/blob-index.ts'
import type { Id } from '../repository/id.ts'
import type { TreeEntries } from '../repository/tree-entries.ts'

/** A file that has several names, in this folder or elsewhere. */
interface LinkedFile {
  readonly key: string
  readonly size: number
}

interface Folder {
  /** Of the files that have one name. */
  readonly bytes: number
  readonly linked: readonly LinkedFile[]
  readonly subfolders: readonly number[]
  /** With all that is below it, as soon as that was summed up. */
  whole: Whole | undefined
}

interface Whole {
  /** Of the files that have one name; undefined where a folder below is not known. */
  readonly bytes: number | undefined
  readonly hasLinked: boolean
}

/**
 * How many bytes folders restore to. Every distinct folder is looked at once, however often it occurs, so that a snapshot costs nothing
 * when all its folders are known.
 */
export class FolderSizes {
  readonly #index: BlobIndex
  readonly #folders = new Map<number, Folder>()

  constructor(index: BlobIndex) {
    this.#index = index
  }

  /** Takes note of what is in a folder. */
  add(id: Id, tree: TreeEntries): void {
    const number = this.#index.entryNumber('tree', id)
    if (this.#folders.has(number)) return
    let bytes = 0
    const linked: LinkedFile[] = []
    const subfolders: number[] = []
    for (const { type, size, links, inode, deviceId, subtree } of tree.others) {
      if (type === 'dir') subfolders.push(subtree === undefined ? -1 : this.#index.entryNumber('tree', subtree))
      else if (links === 1n || inode === 0n) bytes += Number(size)
      else if (size > 0n) linked.push({ key: `${deviceId}/${inode}`, size: Number(size) })
    }
    tree.forEachPlainFile((size, links, inode, device) => {
      if (links === 1 || inode === 0) bytes += size
      else if (size > 0) linked.push({ key: `${device}/${inode}`, size })
    })
    this.#folders.set(number, { bytes, linked, subfolders, whole: undefined })
  }

  /** Bytes of all files in and below a folder, those with several names once; undefined where a folder is not known. */
  restoreSize(root: Id): number | undefined {
    const number = this.#index.entryNumber('tree', root)
    this.#sumUp(number)
    const whole = this.#folders.get(number)?.whole
    if (whole?.bytes === undefined) return undefined
    return whole.hasLinked ? whole.bytes + this.#linkedBytes(number) : whole.bytes
  }

  /** Not recursive: how deep folders go is up to whoever wrote them. */
  #sumUp(root: number): void {
    const waiting = [root]
    for (let number = waiting.at(-1); number !== undefined; number = waiting.at(-1)) {
      const folder = this.#folders.get(number)
      const before = waiting.length
      if (folder?.whole === undefined) {
        for (const subfolder of folder?.subfolders ?? []) {
          const below = this.#folders.get(subfolder)
          if (below !== undefined && below.whole === undefined) waiting.push(subfolder)
        }
      }
      if (waiting.length > before) continue
      waiting.pop()
      if (folder !== undefined) folder.whole ??= this.#wholeOf(folder)
    }
  }

  #wholeOf(folder: Folder): Whole {
    let bytes: number | undefined = folder.bytes
    let hasLinked = folder.linked.length > 0
    for (const subfolder of folder.subfolders) {
      const below = this.#folders.get(subfolder)?.whole
      bytes = bytes === undefined || below?.bytes === undefined ? undefined : bytes + below.bytes
      hasLinked ||= below?.hasLinked === true
    }
    return { bytes, hasLinked }
  }

  #linkedBytes(root: number): number {
    const seenFiles = new Set<string>()
    const seenFolders = new Set([root])
    let bytes = 0
    // A set yields what is put into it while it is walked.
    for (const number of seenFolders) {
      const folder = this.#folders.get(number)
      if (folder?.whole?.hasLinked !== true) continue
      for (const { key, size } of folder.linked) {
        if (seenFiles.has(key)) continue
        seenFiles.add(key)
        bytes += size
      }
      for (const subfolder of folder.subfolders) seenFolders.add(subfolder)
    }
    return bytes
  }
}
