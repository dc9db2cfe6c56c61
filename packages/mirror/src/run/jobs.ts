import { FileReading, type ReadOutcome } from '../disk/compare-files.ts'
import { type CopyOutcome, FileCopier } from '../disk/copy-file.ts'
import type { FileSteps } from '../disk/file-steps.ts'
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
  | { readonly kind: 'copy'; readonly outcomes: readonly CopyOutcome[] }
  | { readonly kind: 'read'; readonly outcomes: readonly ReadOutcome[] }

/** Does jobs by calls that wait. One for each thread. */
export class JobHandler {
  readonly #copier: FileCopier
  readonly #reading = new FileReading()

  /** @param onBytes - called with bytes that were copied of files that take long */
  constructor(steps: FileSteps, onBytes: (count: number) => void = () => {}) {
    this.#copier = new FileCopier(steps, onBytes)
  }

  /** @throws ERR_VARVE_SOURCE where the source cannot be read at all; ERR_VARVE_STORAGE where the target fails */
  handle(job: MirrorJob): MirrorJobResult {
    if (job.kind === 'scan') return { kind: 'scan', scan: scan(job.root, job.rules) }
    const { paths } = job
    if (job.kind === 'read') {
      return { kind: 'read', outcomes: paths.map((path) => this.#read(job.root, job.other, path)) }
    }
    const { from, to, tracked } = job
    return { kind: 'copy', outcomes: paths.map((path) => this.#copy(`${from}/${path}`, `${to}/${path}`, tracked)) }
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
