import { FileReading, type ReadOutcome } from '../disk/compare-files.ts'
import { type CopyOutcome, FileCopier } from '../disk/copy-file.ts'
import { FileSteps } from '../disk/file-steps.ts'
import { type Scan, scanMirror, scanSource } from '../scan/scan-folder.ts'
import { Selection } from '../selection/selection.ts'
import type { SelectionRules } from '../selection/selection-rules.ts'

/** Work that threads do. Paths in lists are relative to the folders beside them. */
export type MirrorJob =
  | { readonly kind: 'scan'; readonly root: string; readonly rules: SelectionRules | undefined }
  | {
      readonly kind: 'copy'
      readonly from: string
      readonly to: string
      readonly paths: readonly string[]
      readonly tracked: boolean
    }
  | {
      readonly kind: 'read'
      readonly root: string
      /** The folder with the files to compare with, if that is wanted. */
      readonly other: string | undefined
      readonly paths: readonly string[]
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

  constructor(steps: FileSteps = new FileSteps()) {
    this.#copier = new FileCopier(steps)
  }

  /** @throws the system's error where a folder cannot be read, or the target fails */
  handle(job: MirrorJob): MirrorJobResult {
    if (job.kind === 'scan') return { kind: 'scan', scan: scan(job.root, job.rules) }
    const { paths } = job
    if (job.kind === 'read') {
      return { kind: 'read', outcomes: paths.map((path) => this.#read(job.root, job.other, path)) }
    }
    const { from, to, tracked } = job
    const copy = (path: string): CopyOutcome =>
      this.#copier.copy({ from: `${from}/${path}`, to: `${to}/${path}`, tracked })
    return { kind: 'copy', outcomes: paths.map(copy) }
  }

  #read(root: string, other: string | undefined, path: string): ReadOutcome {
    if (other === undefined) return this.#reading.read(`${root}/${path}`)
    return this.#reading.compare(`${root}/${path}`, `${other}/${path}`)
  }
}

function scan(root: string, rules: SelectionRules | undefined): Scan {
  if (rules !== undefined) return scanSource(root, new Selection(rules))
  return { columns: scanMirror(root), unreadable: [], special: [] }
}
