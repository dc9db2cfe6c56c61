import { lstatSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Id, type OpenRepository, restore, type StoredSnapshot, timestampToNanoseconds } from '@varve/engine'
import {
  describeError,
  type LongCall,
  type Problem,
  systemErrorCode,
  throwIfAborted,
  toFsPath,
  VarveError,
} from '@varve/platform'
import { FileSteps } from '../disk/file-steps.ts'
import { lookAt } from '../increment/look-at.ts'
import { hashFile } from '../increment/hash-file.ts'
import { incrementNames } from '../increment/list-increments.ts'
import { lockMirror } from '../run/lock.ts'
import { prepareDestination } from '../run/places.ts'
import { type EntryRow, EntryTable, EntryTableBuilder } from '../scan/entry-table.ts'
import { scanMirror } from '../scan/scan-folder.ts'
import { MirrorLayout } from '../state/mirror-layout.ts'
import { encodeState } from '../state/state-file.ts'

/** How a mirror is made of a snapshot. */
export interface MirrorExportOptions extends LongCall {
  /** The folder in the snapshot whose content becomes the mirror, or a file that is all that it has; the folder that was saved if left out. */
  readonly path?: string | undefined
  /** Threads that write files. */
  readonly workers?: number | undefined
  /** Do not lock the repository. */
  readonly noLock?: boolean | undefined
  /** Called with each entry that cannot be restored, or not wholly. */
  readonly onProblem?: ((problem: Problem) => void) | undefined
  /** Called with what the user should know, once. */
  readonly onNotice?: ((notice: string) => void) | undefined
}

/** What making a mirror of a snapshot did. */
export interface MirrorExportResult {
  readonly snapshot: StoredSnapshot
  /** Absolute path of the mirror. */
  readonly mirror: string
  /** Files, folders and links in it. */
  readonly entries: number
  /** Bytes of its files. */
  readonly bytes: number
  /** What is missing in it, or not as it was; paths are relative to it. */
  readonly problems: readonly Problem[]
}

const OWNER_WRITES = 0o200

/** What a snapshot's file may have changed in without getting another time, in nanoseconds: as coarse as times of file systems are. */
const COARSEST = 2_000_000_000n

/**
 * Makes a mirror of what a snapshot has. The next run of a mirror with that destination goes on from it: what is the same in the source by size and time is not copied anew. The
 * mirror appears when all of it is there.
 *
 * @param snapshot - id of the snapshot
 * @param destination - the folder that is to hold the mirror and its increments; made where it is missing
 * @throws ERR_VARVE_EXISTS where there is a mirror or an increment already; ERR_VARVE_TARGET, ERR_VARVE_STORAGE where the destination fails; ERR_VARVE_LOCKED; ERR_VARVE_ABORTED; what
 *   the repository throws. What concerns a single entry becomes a problem
 */
export function exportSnapshot(
  repository: OpenRepository,
  snapshot: Id,
  destination: string,
  options: MirrorExportOptions = {},
): Promise<MirrorExportResult> {
  return exportInSteps(repository, snapshot, destination, options, new FileSteps())
}

/** As {@link exportSnapshot}, with steps that tests put in the place of others. */
export async function exportInSteps(
  repository: OpenRepository,
  snapshot: Id,
  destination: string,
  options: MirrorExportOptions,
  steps: FileSteps,
): Promise<MirrorExportResult> {
  const stored = await repository.loadSnapshot(snapshot)
  const layout = new MirrorLayout(resolve(destination))
  try {
    prepareDestination(layout)
    const lock = await lockMirror(layout, options)
    try {
      refuseOthers(layout, steps)
      return await new Export(repository, stored, layout, options, steps).run()
    } finally {
      lock.release()
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    throw new VarveError('ERR_VARVE_STORAGE', `cannot make a mirror in '${destination}': ${describeError(error)}`, {
      cause: error,
    })
  }
}

function refuseOthers(layout: MirrorLayout, steps: FileSteps): void {
  const { destination, mirror, state, pending } = layout
  const isUsed = steps.names(mirror).length > 0 || [state, pending].some((path) => steps.stat(path) !== undefined)
  if (!isUsed && incrementNames(destination).length === 0) return
  throw new VarveError('ERR_VARVE_EXISTS', `there is a mirror in '${destination}' already`, {
    hint: 'choose an empty folder',
  })
}

class Export {
  readonly #repository: OpenRepository
  readonly #snapshot: StoredSnapshot
  readonly #layout: MirrorLayout
  readonly #options: MirrorExportOptions
  readonly #steps: FileSteps
  readonly #target: string
  readonly #problems: Problem[] = []

  constructor(
    repository: OpenRepository,
    snapshot: StoredSnapshot,
    layout: MirrorLayout,
    options: MirrorExportOptions,
    steps: FileSteps,
  ) {
    this.#repository = repository
    this.#snapshot = snapshot
    this.#layout = layout
    this.#options = options
    this.#steps = steps
    this.#target = layout.staged('')
  }

  async run(): Promise<MirrorExportResult> {
    const layout = this.#layout
    const steps = this.#steps
    steps.removeAll(layout.work)
    steps.makeFolder(layout.work)
    try {
      await this.#restore()
      this.#leaveOutSpecial()
      const table = await this.#table()
      throwIfAborted(this.#options.signal)
      steps.flushFileSystem(layout.work)
      steps.removeFolder(layout.mirror)
      this.#moveIntoPlace()
      steps.flushFolder(layout.destination)
      steps.writeDurably(layout.state, encodeState({ table, increment: undefined, publishing: undefined }))
      const bytes = table.columns.sizes.reduce((sum, size) => sum + size, 0)
      const { mirror } = layout
      return { snapshot: this.#snapshot, mirror, entries: table.length - 1, bytes, problems: this.#problems }
    } finally {
      this.#clean()
    }
  }

  #moveIntoPlace(): void {
    const { mode = 0o700 } = lookAt(this.#target) ?? {}
    const permissions = Number(BigInt(mode) & 0o7777n)
    // Whoever may not write to a folder may not give it another one around it, either.
    const isClosed = (permissions & OWNER_WRITES) === 0
    if (isClosed) this.#steps.setFolderMode(this.#target, permissions | OWNER_WRITES)
    this.#steps.rename(this.#target, this.#layout.mirror)
    if (isClosed) this.#steps.setFolderMode(this.#layout.mirror, permissions)
  }

  async #restore(): Promise<void> {
    const { path, workers, noLock, signal, retryLock, onProgress, onNotice } = this.#options
    await restore(this.#repository, {
      snapshot: this.#snapshot.id,
      path,
      target: this.#target,
      layout: 'content',
      workers,
      noLock,
      signal,
      retryLock,
      onProgress,
      onNotice,
      onProblem: (problem) => this.#report(problem),
    })
  }

  /** A mirror has no devices, pipes and sockets. */
  #leaveOutSpecial(): void {
    const table = new EntryTable(scanMirror(this.#target))
    const special = table.paths.filter((_, row) => table.kind(row) === 'other')
    for (const path of special) this.#steps.remove(`${this.#target}/${path}`)
    if (special.length === 0) return
    this.#options.onNotice?.(`devices, pipes and sockets are left out: ${special.length}, such as '${special[0]}'`)
    // Their folders have the time of the snapshot again.
    for (const path of new Set(special.map((each) => each.slice(0, Math.max(0, each.lastIndexOf('/')))))) {
      const row = table.find(path)
      if (row !== undefined) this.#steps.setTime(path === '' ? this.#target : `${this.#target}/${path}`, row.mtime)
    }
  }

  /** What the mirror holds, as a run writes it down. */
  async #table(): Promise<EntryTable> {
    const found = new EntryTable(scanMirror(this.#target))
    const uncertain = new Set(this.#problems.map(({ path }) => path))
    const since = timestampToNanoseconds(this.#snapshot.time) - COARSEST
    const builder = new EntryTableBuilder(true)
    for (const [index, path] of found.paths.entries()) {
      const row = found.row(index)
      const doubtful = row.kind === 'file' && (row.mtime >= since || uncertain.has(path))
      builder.add(path, { ...row, doubtful, hash: await this.#hash(path, row) })
    }
    return new EntryTable(builder.finish())
  }

  async #hash(path: string, { kind }: EntryRow): Promise<Uint8Array | undefined> {
    if (kind !== 'file') return undefined
    try {
      const { hash } = await hashFile(`${this.#target}/${path}`, this.#options.signal)
      return Buffer.from(hash, 'hex')
    } catch (error) {
      // Permissions may forbid it, even to the owner. The next run finds out what it needs.
      if (systemErrorCode(error) !== 'EACCES') throw error
      return undefined
    }
  }

  #report({ path, message }: Problem): void {
    const isInside = path.startsWith(`${this.#target}/`)
    const problem = { path: isInside ? path.slice(this.#target.length + 1) : path, message }
    this.#problems.push(problem)
    this.#options.onProblem?.(problem)
  }

  /** What has failed is not left behind. The first failure is the one to report. */
  #clean(): void {
    try {
      if (lstatSync(toFsPath(this.#layout.work), { throwIfNoEntry: false }) !== undefined)
        this.#steps.removeAll(this.#layout.work)
    } catch {
      // The next run tries again.
    }
  }
}
