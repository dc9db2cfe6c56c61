import type { Problem, Progress } from '@varve/platform'
import { throwIfAborted } from '@varve/platform/errors'
import type { MirrorConfig } from '../config/mirror-config.ts'
import { FileCopier } from '../disk/copy-file.ts'
import type { FileSteps } from '../disk/file-steps.ts'
import type { MirrorLayout } from '../state/mirror-layout.ts'
import type { RunOptions } from './run-options.ts'
import type { Workers } from './workers.ts'

/** Milliseconds between two reports of progress. */
const INTERVAL = 200

/** What all parts of a run share. */
export class RunContext {
  readonly config: MirrorConfig
  readonly options: RunOptions
  readonly layout: MirrorLayout
  readonly steps: FileSteps
  readonly workers: Workers
  readonly problems: Problem[] = []
  /** Copies within the destination. */
  readonly copier: FileCopier
  bytesCopied = 0
  /** Whether files were copied where they should have been linked, perhaps after everything was flushed. */
  copiedLate = false
  readonly #notices = new Set<string>()
  #phase = ''
  #filesDone = 0
  #filesTotal: number | undefined
  #bytesDone = 0
  #bytesTotal: number | undefined
  /** When; a process that has just started counts from 0. */
  #lastReport = Number.NEGATIVE_INFINITY

  constructor(parts: Pick<RunContext, 'config' | 'options' | 'layout' | 'steps' | 'workers'>) {
    this.config = parts.config
    this.options = parts.options
    this.layout = parts.layout
    this.steps = parts.steps
    this.workers = parts.workers
    this.copier = new FileCopier(parts.steps)
  }

  /** Whether this process can give files to others. */
  get keepsOwners(): boolean {
    return process.getuid?.() === 0
  }

  /** Tells of something that could not be mirrored. */
  report(problem: Problem): void {
    this.problems.push(problem)
    this.options.onProblem?.(problem)
  }

  /** Tells the user something, once. */
  notice(text: string): void {
    if (this.#notices.has(text)) return
    this.#notices.add(text)
    this.options.onNotice?.(text)
  }

  /** Begins a phase of the run. @throws ERR_VARVE_ABORTED */
  begin(phase: string, files?: number, bytes?: number): void {
    throwIfAborted(this.options.signal)
    this.#phase = phase
    this.#filesDone = 0
    this.#filesTotal = files
    this.#bytesDone = 0
    this.#bytesTotal = bytes
    this.#lastReport = Number.NEGATIVE_INFINITY
    this.advance('', 0, 0)
  }

  /** Counts bytes of a file that takes long. Never throws. */
  count(bytes: number): void {
    this.#bytesDone += bytes
    if (performance.now() - this.#lastReport < INTERVAL) return
    this.#lastReport = performance.now()
    this.options.onProgress?.(this.#progress(''))
  }

  /** Goes on in a phase. `path` is what it is at. @throws ERR_VARVE_ABORTED */
  advance(path: string, files = 1, bytes = 0): void {
    this.#filesDone += files
    this.#bytesDone += bytes
    if (performance.now() - this.#lastReport < INTERVAL) return
    this.#lastReport = performance.now()
    throwIfAborted(this.options.signal)
    this.options.onProgress?.(this.#progress(path))
  }

  #progress(path: string): Progress {
    return {
      phase: this.#phase,
      filesDone: this.#filesDone,
      filesTotal: this.#filesTotal,
      bytesDone: this.#bytesDone,
      bytesTotal: this.#bytesTotal,
      current: path === '' ? [] : [path],
      errors: this.problems.length,
    }
  }
}
