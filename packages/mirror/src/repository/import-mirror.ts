import { accessSync, constants, lstatSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  importSnapshots,
  type ImportedDescription,
  type ImportedEntry,
  type ImportedSnapshot,
  type OpenRepository,
  type StoredSnapshot,
  timestampFromNanoseconds,
  timestampToNanoseconds,
} from '@varve/engine'
import { describeError, type Problem, systemErrorCode, toFsPath, VarveError } from '@varve/platform'
import type { CompleteIncrement } from '../history/complete-increment.ts'
import { type History, loadHistory } from '../history/history.ts'
import { lookAt } from '../increment/look-at.ts'
import { treeAt } from '../history/tree-at.ts'
import type { TrackedEntry } from '../increment/tree-digest.ts'
import { lockMirror } from '../run/lock.ts'
import { MirrorLayout } from '../state/mirror-layout.ts'
import { readMirrorTree } from '../state/mirror-tree.ts'
import {
  INCOMPLETE_TAG,
  MIRROR_TAG,
  type ImportedIncrement,
  type MirrorImportOptions,
  type MirrorImportResult,
} from './mirror-import-options.ts'
import { PresentMirror } from './present-mirror.ts'
import { SnapshotPlace } from './snapshot-place.ts'
import { VerifiedContents } from './verified-contents.ts'

/** Stands for the mirror as it is, among names of increments. */
const PRESENT = 'mirror'

/**
 * Makes snapshots of a mirror's history: one of the tracked tree as of each increment, under the source's path and with the increment's date, and one of the mirror as it is, unless it holds
 * nothing else than the last increment's tree. Every content is verified before it is saved, and saved once. What the repository has already is not imported again. The
 * mirror is not changed.
 *
 * @param destination - the folder that holds mirror and increments
 * @throws ERR_VARVE_NOT_FOUND where there is neither; ERR_VARVE_LOCKED where a run is at work; ERR_VARVE_STORAGE; ERR_VARVE_ABORTED; what the repository throws
 */
export async function importMirror(
  repository: OpenRepository,
  destination: string,
  options: MirrorImportOptions = {},
): Promise<MirrorImportResult> {
  const layout = new MirrorLayout(resolve(destination))
  const lock = isChangeable(layout) ? await lockMirror(layout, options) : undefined
  try {
    const history = await loadHistory(destination, readMirrorTree(destination), options)
    return await new MirrorImport(repository, layout, history, options).run()
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    throw new VarveError('ERR_VARVE_STORAGE', `cannot read '${destination}': ${describeError(error)}`, { cause: error })
  } finally {
    lock?.release()
  }
}

/** Whether a run could be at work: not on a medium that is read-only, for one. */
function isChangeable({ own }: MirrorLayout): boolean {
  if (lookAt(own) === undefined) return false
  try {
    accessSync(toFsPath(own), constants.W_OK)
    return true
  } catch {
    return false
  }
}

class MirrorImport {
  readonly #repository: OpenRepository
  readonly #layout: MirrorLayout
  readonly #history: History
  readonly #options: MirrorImportOptions
  readonly #contents: VerifiedContents
  readonly #present: PresentMirror | undefined
  readonly #problems: Problem[] = []
  readonly #begun: { readonly name: string; isComplete: boolean }[] = []
  readonly #known = new Set<string>()
  #existing: readonly StoredSnapshot[] = []

  constructor(repository: OpenRepository, layout: MirrorLayout, history: History, options: MirrorImportOptions) {
    this.#repository = repository
    this.#layout = layout
    this.#history = history
    this.#options = options
    this.#contents = new VerifiedContents(history, options.signal)
    const isOriginal = history.mirror === undefined && history.increments.some(({ source }) => source === undefined)
    this.#present = PresentMirror.lookAt(layout, isOriginal)
  }

  async run(): Promise<MirrorImportResult> {
    const { increments, problems } = this.#history
    if (increments.length === 0 && problems.length === 0 && this.#present === undefined) {
      throw new VarveError('ERR_VARVE_NOT_FOUND', `there is no mirror in '${this.#layout.destination}'`)
    }
    for (const { path, message } of problems) this.#report(path, '', message)
    const snapshots = await this.#repository.snapshots(({ message }) => this.#options.onNotice?.(message))
    this.#existing = snapshots.filter(({ tags = [] }) => tags.includes(MIRROR_TAG))
    const results = await importSnapshots(this.#repository, this.#snapshots(), {
      ...this.#options,
      onProblem: ({ path, message }) => this.#reportEntry(path, message),
    })
    const imported: ImportedIncrement[] = []
    for (const [index, { snapshot }] of results.entries()) {
      const begun = this.#begun[index]
      if (begun === undefined) throw new Error('more snapshots were made than there were')
      if (snapshot === undefined) this.#known.add(begun.name)
      else imported.push({ ...begun, snapshot })
    }
    const known = [...increments.map(({ name }) => name), PRESENT].filter((name) => this.#known.has(name))
    return { imported, known, problems: this.#problems }
  }

  *#snapshots(): Generator<ImportedSnapshot> {
    // The last tree, where a snapshot has all of it.
    let last: readonly TrackedEntry[] | undefined
    for (const increment of this.#history.increments) {
      const isLast = increment === this.#history.increments.at(-1)
      const known = this.#snapshotsOf(increment)
      const isKnown = known.some(({ tags = [] }) => !tags.includes(INCOMPLETE_TAG))
      if (isKnown) this.#known.add(increment.name)
      if (isKnown && !isLast) continue
      const tree = treeAt(this.#history, increment)
      if (isKnown) {
        last = tree.entries
        continue
      }
      this.#begin(increment.name)
      for (const { path, message } of tree.doubts) this.#report(increment.name, path, message)
      const place = this.#placeOf(increment)
      yield {
        entries: this.#entries(tree.entries, place, increment),
        describe: () => this.#describe(increment.name, place, timeOf(increment)),
        knownTrees: new Set(known.map(({ tree: id }) => id)),
      }
      if (isLast && this.#begun.at(-1)?.isComplete === true) last = tree.entries
    }
    const present = this.#presentSnapshot(last)
    if (present !== undefined) yield present
  }

  #presentSnapshot(last: readonly TrackedEntry[] | undefined): ImportedSnapshot | undefined {
    const present = this.#present
    if (present === undefined) return undefined
    if (lookAt(this.#layout.pending) !== undefined) {
      this.#report(
        PRESENT,
        '',
        'a run was interrupted, and the next one has to bring it to its end: it is not imported as it is',
      )
      return undefined
    }
    if (last !== undefined && present.isOnly(last)) return undefined
    this.#begin(PRESENT)
    const latest = this.#history.increments.at(-1)
    const place = this.#placeOf(latest)
    const known = this.#existing.filter(({ paths }) => paths.length === 1 && paths[0] === place.source)
    const time = lastRun(this.#layout) ?? (latest === undefined ? nanosecondsOf(new Date()) : timeOf(latest))
    return {
      entries: [...place.folders(present.root), ...present.entries(place)],
      describe: () => this.#describe(PRESENT, place, time),
      knownTrees: new Set(known.map(({ tree }) => tree)),
    }
  }

  *#entries(
    entries: readonly TrackedEntry[],
    place: SnapshotPlace,
    increment: CompleteIncrement,
  ): Generator<ImportedEntry> {
    const nobody = { mode: 0o755, ...ownUser() }
    const root = this.#present?.root ?? nobody
    yield* place.folders({ ...root, mtime: timeOf(increment) })
    // In the order of paths whatever is around an entry comes before it.
    const noFolders = new Set<string>()
    for (const { path, state } of entries) {
      if (foldersAround(path).some((around) => noFolders.has(around))) {
        this.#report(increment.name, path, 'it would lie below something that is no folder')
        continue
      }
      if (state.type !== 'dir') noFolders.add(path)
      const { mode, mtime } = state
      const { uid, gid } = this.#present?.ownerOf(path) ?? nobody
      const common = { path: place.of(path), mode, mtime, uid, gid }
      if (state.type === 'dir') yield { ...common, type: 'dir' }
      else if (state.type === 'symlink') yield { ...common, type: 'symlink', target: state.target }
      else yield { ...common, type: 'file', size: state.size, content: this.#contents.of(state.hash) }
    }
  }

  #placeOf(increment: CompleteIncrement | undefined): SnapshotPlace {
    // Metadata that was made anew does not know it.
    const told = increment?.source === '' ? undefined : increment?.source
    return new SnapshotPlace(told ?? this.#options.source ?? this.#layout.mirror)
  }

  /** Snapshots that an earlier import made of an increment. */
  #snapshotsOf(increment: CompleteIncrement): readonly StoredSnapshot[] {
    const { source } = this.#placeOf(increment)
    const time = timeOf(increment)
    return this.#existing.filter(
      ({ paths, time: its }) => paths.length === 1 && paths[0] === source && timestampToNanoseconds(its) === time,
    )
  }

  #describe(name: string, { source }: SnapshotPlace, time: bigint): ImportedDescription {
    const isComplete = this.#begun.at(-1)?.isComplete ?? true
    const { host } = this.#options
    return {
      time: timestampFromNanoseconds(time),
      paths: [source],
      tags: isComplete ? [MIRROR_TAG] : [MIRROR_TAG, INCOMPLETE_TAG],
      description: name,
      ...(host === undefined ? {} : { hostname: host }),
    }
  }

  #begin(name: string): void {
    this.#begun.push({ name, isComplete: true })
  }

  /** @param path - in the snapshot */
  #reportEntry(path: string, message: string): void {
    const name = this.#begun.at(-1)?.name ?? ''
    const increment = this.#history.increments.find((each) => each.name === name)
    const { path: source } = this.#placeOf(increment ?? this.#history.increments.at(-1))
    this.#report(name, path.slice(source.length + 1), message)
  }

  #report(name: string, path: string, message: string): void {
    const current = this.#begun.at(-1)
    if (current?.name === name) current.isComplete = false
    const problem = { path: path === '' ? name : `${name}/${path}`, message }
    this.#problems.push(problem)
    this.#options.onProblem?.(problem)
  }
}

function foldersAround(path: string): readonly string[] {
  const folders: string[] = []
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) folders.push(path.slice(0, end))
  return folders
}

function timeOf({ time }: CompleteIncrement): bigint {
  return nanosecondsOf(time)
}

function nanosecondsOf(time: Date): bigint {
  return BigInt(time.getTime()) * 1_000_000n
}

/** When the last run that changed something was done, in nanoseconds since 1970. */
function lastRun({ state }: MirrorLayout): bigint | undefined {
  return lstatSync(toFsPath(state), { bigint: true, throwIfNoEntry: false })?.mtimeNs
}

function ownUser(): { readonly uid: number; readonly gid: number } {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
}
