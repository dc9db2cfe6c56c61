import { Session, type Profiler } from 'node:inspector'

/** Characters of source, as `module:offset`. */
export type CoveredCode = Set<string>

/** Tells which code of the sources under test has run, with V8's own counters. */
export class CodeCoverage {
  readonly #session = new Session()
  readonly #seen: CoveredCode = new Set()
  readonly #isMeasured: (url: string) => boolean

  /** @param isMeasured - whether the code of a module counts */
  constructor(isMeasured: (url: string) => boolean) {
    this.#isMeasured = isMeasured
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    this.takeNew()
  }

  /** Characters of code that have run since the start. */
  get size(): number {
    return this.#seen.size
  }

  /** Code that ran since the last call of any kind, and never before. Takes some milliseconds: ask after many inputs. */
  takeNew(): CoveredCode {
    const code: CoveredCode = new Set()
    for (const place of this.#take()) {
      if (this.#seen.has(place)) continue
      this.#seen.add(place)
      code.add(place)
    }
    return code
  }

  /** Which of some code ran since the last call of any kind. */
  takeAmong(wanted: ReadonlySet<string>): CoveredCode {
    const code: CoveredCode = new Set()
    for (const place of this.#take()) if (wanted.has(place)) code.add(place)
    return code
  }

  /** Ends the counting. */
  close(): void {
    this.#session.disconnect()
  }

  /** V8 joins neighbouring blocks that ran equally often, so that only single characters can be compared from one time to another. */
  *#take(): Generator<string, void, undefined> {
    for (const { url, functions } of this.#scripts()) {
      if (!this.#isMeasured(url)) continue
      for (const { ranges } of functions) {
        const [whole] = ranges
        if (whole === undefined || whole.count === 0) continue
        const hasRun = new Uint8Array(whole.endOffset - whole.startOffset)
        // Ranges lie in one another, the outer ones first.
        for (const { startOffset, endOffset, count } of ranges) {
          hasRun.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset)
        }
        for (const [at, ran] of hasRun.entries()) if (ran === 1) yield `${url}:${whole.startOffset + at}`
      }
    }
  }

  #scripts(): readonly Profiler.ScriptCoverage[] {
    let result: readonly Profiler.ScriptCoverage[] = []
    // A session of this thread calls back before it returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error
      result = taken.result
    })
    return result
  }
}
