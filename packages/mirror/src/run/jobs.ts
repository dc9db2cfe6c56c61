import { systemErrorCode } from '@varve/platform/errors'
import { FileReading, type ReadOutcome } from '../disk/compare-files.ts'
import { type CopyOutcome, FileCopier } from '../disk/copy-file.ts'
import type { FileSteps } from '../disk/file-steps.ts'
import { EntryTableBuilder, type TableColumns } from '../scan/entry-table.ts'
import { type Scan, scanMirror, scanSource } from '../scan/scan-folder.ts'
import { sourceFailure, storageFailure } from './places.ts'
import { Selection } from '../selection/selection.ts'
import type { SelectionRules } from '../selection/selection-rules.ts'

/** Work that threads do. Paths in lists are relative to the folders beside them. */
export type MirrorJob =
  | {
      readonly kind: 'scan'
      readonly root: string
      /** Undefined for a mirror, all of which is taken. */
      readonly rules: SelectionRules | undefined
      /** Entries that are likely to be there; undefined where nobody knows. */
      readonly expected: number | undefined
    }
  | {
      readonly kind: 'copy'
      readonly from: string
      readonly to: string
      readonly paths: readonly string[]
      readonly tracked: boolean
      /** Size of all of them. */
      readonly bytes: number
    }
  /** Gives files names at the same paths of another folder. */
  | {
      readonly kind: 'link'
      readonly from: string
      readonly to: string
      readonly paths: readonly string[]
      readonly bytes: number
    }
  /** Makes durable what was written to a file system. */
  | { readonly kind: 'flush'; readonly folder: string }
  | {
      readonly kind: 'read'
      readonly root: string
      /** The folder with the files to compare with, if that is wanted. */
      readonly other: string | undefined
      readonly paths: readonly string[]
      /** Size of all of them. */
      readonly bytes: number
    }

/** What a {@link MirrorJob} gives, in the order of its paths. */
export type MirrorJobResult =
  | { readonly kind: 'scan'; readonly scan: Scan }
  | {
      readonly kind: 'copy'
      /** The files that were copied, as they were read: as objects, small files would cost as much to send as to copy. */
      readonly copied: TableColumns
      /** What else there is to say, by place in the job: `changed` is the place of a file that was copied all the same. */
      readonly others: readonly { readonly place: number; readonly outcome: Exclude<CopyOutcome, { kind: 'copied' }> }[]
      readonly changed: readonly number[]
    }
  /** Places of files that could not be linked, for whatever reason. */
  | { readonly kind: 'link'; readonly failed: readonly number[] }
  | { readonly kind: 'flush' }
  | { readonly kind: 'read'; readonly outcomes: readonly ReadOutcome[] }

/** Does jobs by calls that wait. One for each thread. */
export class JobHandler {
  readonly #steps: FileSteps
  readonly #copier: FileCopier
  readonly #reading = new FileReading()

  /** @param onBytes - called with bytes that were copied of files that take long */
  constructor(steps: FileSteps, onBytes: (count: number) => void = () => {}) {
    this.#steps = steps
    this.#copier = new FileCopier(steps, onBytes)
  }

  /** @throws ERR_VARVE_SOURCE where the source cannot be read at all; ERR_VARVE_STORAGE where the target fails */
  handle(job: MirrorJob): MirrorJobResult {
    if (job.kind === 'scan') return { kind: 'scan', scan: scan(job.root, job.rules) }
    if (job.kind === 'flush') return this.#flush(job.folder)
    const { paths } = job
    if (job.kind === 'read') {
      return { kind: 'read', outcomes: paths.map((path) => this.#read(job.root, job.other, path)) }
    }
    if (job.kind === 'link') return { kind: 'link', failed: this.#linkAll(job) }
    return this.#copyAll(job)
  }

  #flush(folder: string): MirrorJobResult {
    try {
      this.#steps.flushFileSystem(folder)
      return { kind: 'flush' }
    } catch (error) {
      throw storageFailure(`cannot make durable what was written to '${folder}'`, error)
    }
  }

  #linkAll({ from, to, paths }: Extract<MirrorJob, { kind: 'link' }>): readonly number[] {
    return paths.flatMap((path, place) => {
      try {
        this.#steps.link(`${from}/${path}`, `${to}/${path}`)
        return []
      } catch (error) {
        if (systemErrorCode(error) === undefined) throw error
        return [place]
      }
    })
  }

  #copyAll({ from, to, tracked, paths }: Extract<MirrorJob, { kind: 'copy' }>): MirrorJobResult {
    const table = new EntryTableBuilder(true)
    const others: Extract<MirrorJobResult, { kind: 'copy' }>['others'][number][] = []
    const changed: number[] = []
    for (const [place, path] of paths.entries()) {
      const outcome = this.#copy(`${from}/${path}`, `${to}/${path}`, tracked)
      if (outcome.kind !== 'copied') {
        others.push({ place, outcome })
        continue
      }
      table.add(path, outcome.row)
      if (outcome.changed) changed.push(place)
    }
    return { kind: 'copy', copied: table.finish(), others, changed }
  }

  #copy(from: string, to: string, tracked: boolean): CopyOutcome {
    try {
      return this.#copier.copy({ from, to, tracked })
    } catch (error) {
      // Between threads errors of the system lose what tells that they are.
      throw storageFailure(`cannot write '${to}'`, error)
    }
  }

  #read(root: string, other: string | undefined, path: string): ReadOutcome {
    if (other === undefined) return this.#reading.read(`${root}/${path}`)
    return this.#reading.compare(`${root}/${path}`, `${other}/${path}`)
  }
}

function scan(root: string, rules: SelectionRules | undefined): Scan {
  try {
    if (rules !== undefined) return scanSource(root, new Selection(rules))
    return { columns: scanMirror(root), unreadable: [], special: [] }
  } catch (error) {
    throw rules === undefined ? storageFailure(`cannot read '${root}'`, error) : sourceFailure(root, error)
  }
}
