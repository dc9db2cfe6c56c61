import { systemErrorCode, VarveError } from '@varve/platform/errors'
import type { EntryRow, EntryTable } from '../scan/entry-table.ts'
import { linkFiles } from './file-batches.ts'
import { linkOrCopy } from './link-or-copy.ts'
import type { RunContext } from './run-context.ts'

/** A path at which the mirror is brought up to date. */
export interface Update {
  readonly path: string
  /** What is to be there; undefined for nothing. */
  readonly after: EntryRow | undefined
  /** Where a file lies that is to be there, or a folder with files that are: `increment` keeps it, `staged` gives it away. */
  readonly content:
    | { readonly kind: 'staged'; readonly place: string }
    /** `root` is the folder that the increment has it in, at the same path. */
    | { readonly kind: 'increment'; readonly root: string }
    | undefined
  /** Whether the mirror certainly had nothing there. */
  readonly isNew: boolean
}

/** Brings a mirror up to date. Whatever has been done already is left alone, so that one that was interrupted can be done again. */
export class MirrorUpdate {
  readonly #context: RunContext
  readonly #next: EntryTable
  /** Folders that entries were put into or taken from, or that are new, or different. */
  readonly #touched = new Set<string>()
  /** Folders that certainly are folders. */
  readonly #safe = new Set<string>([''])
  /** What the paths begin with of all that came with the last folder that was moved. */
  #moved: string | undefined
  /** New files by the folder of the increment that has them. */
  readonly #new = new Map<string, { readonly path: string }[]>()
  #temporaries = 0

  /**
   * @param next - what the mirror will hold
   * @param opened - folders whose permissions were changed so that what is in them could be linked
   */
  constructor(context: RunContext, next: EntryTable, opened: readonly string[] = []) {
    this.#context = context
    this.#next = next
    for (const folder of opened) this.#touched.add(folder)
  }

  /**
   * Carries out updates: first what goes, from the leaves on, then what comes, then permissions and times of folders.
   *
   * @param updates - in the order of paths
   * @throws the system's error; ERR_VARVE_UNSAFE_PATH; ERR_VARVE_ABORTED
   */
  async run(updates: readonly Update[]): Promise<void> {
    this.#context.begin('updating the mirror', updates.length)
    for (const update of updates.toReversed()) this.#clear(update)
    this.#safe.clear()
    this.#safe.add('')
    for (const update of updates) {
      this.#put(update)
      this.#context.advance(update.path, update.isNew && update.content?.kind === 'increment' ? 0 : 1)
    }
    await this.#linkNew()
    for (const folder of [...this.#touched].toSorted().toReversed()) this.#finishFolder(folder)
  }

  /** Removes what is to go, and what is of another kind than what comes: the rest is replaced at once. */
  #clear({ path, after, isNew }: Update): void {
    if (isNew || path === '' || !this.#hasSafeParent(path)) return
    const { steps, layout } = this.#context
    const place = layout.inMirror(path)
    const stats = steps.stat(place)
    if (stats === undefined || (after !== undefined && stats.isDirectory() === (after.kind === 'dir'))) return
    this.#open(parentOf(path))
    if (!stats.isDirectory()) return steps.remove(place)
    try {
      steps.removeFolder(place)
    } catch (error) {
      // What nobody knows of, or cannot be read, is still in it.
      if (after !== undefined || !['ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw error
    }
  }

  #put({ path, after, content, isNew }: Update): void {
    if (after === undefined) return
    if (path === '') return void this.#touched.add('')
    this.#requireFolder(parentOf(path))
    if (after.kind === 'dir') return this.#putFolder(path, content?.kind === 'staged' ? content.place : undefined)
    const place = this.#context.layout.inMirror(path)
    if (after.kind === 'symlink') return this.#putLink(path, place, after)
    if (content === undefined) return
    this.#open(parentOf(path))
    if (content.kind === 'increment') {
      if (!isNew) return this.#putIncrementFile(`${content.root}/${path}`, place)
      const files = this.#new.get(content.root)
      if (files === undefined) this.#new.set(content.root, [{ path }])
      else files.push({ path })
      return
    }
    if (this.#moved === undefined || !path.startsWith(this.#moved)) this.#context.steps.rename(content.place, place)
  }

  /** @param staged - a folder of ours with all files that are to be in it, which takes the place of none */
  #putFolder(path: string, staged?: string): void {
    const { steps, layout } = this.#context
    if (steps.stat(layout.inMirror(path)) === undefined) {
      this.#open(parentOf(path))
      if (staged === undefined) steps.makeFolder(layout.inMirror(path))
      else {
        steps.rename(staged, layout.inMirror(path))
        this.#moved = `${path}/`
      }
    }
    this.#touched.add(path)
    this.#safe.add(path)
  }

  #putLink(path: string, place: string, after: EntryRow): void {
    const { steps, keepsOwners } = this.#context
    this.#open(parentOf(path))
    const temporary = this.#temporary()
    steps.makeLink(temporary, after.target ?? '')
    if (keepsOwners && (after.uid !== 0 || after.gid !== 0)) steps.setOwner(temporary, after.uid, after.gid)
    steps.setTime(temporary, after.mtime)
    steps.rename(temporary, place)
  }

  /** New files of increments, of which there may be many, are linked in threads once their folders are there. */
  async #linkNew(): Promise<void> {
    const { mirror } = this.#context.layout
    for (const [root, files] of this.#new) {
      await linkFiles(this.#context, root, mirror, files, ({ path }) =>
        this.#putIncrementFile(`${root}/${path}`, `${mirror}/${path}`),
      )
    }
  }

  #putIncrementFile(file: string, place: string): void {
    const { steps } = this.#context
    const present = steps.stat(place)
    if (present === undefined) return linkOrCopy(this.#context, file, place)
    const wanted = steps.stat(file)
    // To rename one name of a file to another one of the same file does nothing, and leaves both.
    if (present.ino === wanted?.ino && present.dev === wanted.dev) return
    const temporary = this.#temporary()
    linkOrCopy(this.#context, file, temporary)
    steps.rename(temporary, place)
  }

  #temporary(): string {
    return `${this.#context.layout.work}/place-${this.#temporaries++}`
  }

  /** Lets this process look at and change entries of a folder, and remembers that its permissions and time have to be set afterwards. */
  #open(folder: string): void {
    if (this.#touched.has(folder)) return
    this.#touched.add(folder)
    const { steps, layout, keepsOwners } = this.#context
    if (keepsOwners) return
    const stats = steps.stat(layout.inMirror(folder))
    if (stats !== undefined && (stats.mode & 0o700n) !== 0o700n) {
      steps.setFolderMode(layout.inMirror(folder), Number(stats.mode & 0o7777n) | 0o700)
    }
  }

  /** Whether all folders around an entry are there, and folders. */
  #hasSafeParent(path: string): boolean {
    const parent = parentOf(path)
    if (this.#safe.has(parent)) return true
    if (!this.#hasSafeParent(parent)) return false
    const { steps, layout } = this.#context
    if (steps.stat(layout.inMirror(parent))?.isDirectory() !== true) return false
    this.#open(parent)
    this.#safe.add(parent)
    return true
  }

  /** Sees that a folder is there, and no symbolic link that somebody put there meanwhile. */
  #requireFolder(folder: string): void {
    if (this.#safe.has(folder)) return
    this.#requireFolder(parentOf(folder))
    const { steps, layout } = this.#context
    const stats = steps.stat(layout.inMirror(folder))
    if (stats === undefined) this.#putFolder(folder)
    else if (!stats.isDirectory()) {
      throw new VarveError('ERR_VARVE_UNSAFE_PATH', `'${layout.inMirror(folder)}' is not a folder any more`, {
        hint: 'somebody changed the mirror during the run: run it again',
      })
    }
    this.#open(folder)
    this.#safe.add(folder)
  }

  #finishFolder(folder: string): void {
    const row = this.#next.find(folder)
    const { steps, layout, keepsOwners } = this.#context
    const place = layout.inMirror(folder)
    if (row?.kind !== 'dir') return
    const stats = steps.stat(place)
    if (stats?.isDirectory() !== true) return
    if (keepsOwners && (Number(stats.uid) !== row.uid || Number(stats.gid) !== row.gid)) {
      steps.setOwner(place, row.uid, row.gid)
    }
    if (Number(stats.mode & 0o7777n) !== row.mode) steps.setFolderMode(place, row.mode)
    steps.setTime(place, row.mtime)
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
