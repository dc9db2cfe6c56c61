import { CodeCoverage, type CoveredCode } from './code-coverage.ts'
import { mutateBytes } from './byte-mutation.ts'
import type { FuzzTarget } from './fuzz-target.ts'
import { mutateJson } from './json-mutation.ts'
import { Random } from './random.ts'

/** Inputs between two looks at the coverage: a look takes some milliseconds. */
const INPUTS_PER_LOOK = 250

/** Bytes of memory beyond that of the start that nothing may lead to. */
const MOST_MEMORY = 1.5 * 1024 ** 3

/** An input that broke a promise. */
export interface Finding {
  readonly input: Uint8Array
  readonly error: unknown
}

/** What a run came to. */
export interface FuzzReport {
  readonly executions: number
  /** Characters of the sources' code that ran; 0 where that was not measured. */
  readonly code: number
  /** Outcomes that differed in more than names and numbers. */
  readonly outcomes: number
  /** Inputs that reached something new, in the order in which they were found. */
  readonly kept: readonly Uint8Array[]
  readonly findings: readonly Finding[]
  /** Milliseconds that the slowest input took. */
  readonly slowestMs: number
}

/** How long, and from where. */
export interface FuzzOptions {
  readonly seed: number
  /** Inputs that are known, beside the seeds of the parser. */
  readonly corpus: readonly Uint8Array[]
  /** Ends the run: asked before each input, with the number of those before. */
  readonly isEnough: (executions: number) => boolean
  /** Whether to keep what runs new code, which makes every input slower. Otherwise only new outcomes count. */
  readonly measuresCode: boolean
}

/**
 * Runs a parser on its seeds, its corpus and ever new changes of these. Inputs with a new outcome, or which make new code run, are changed further.
 * Without measuring code a run depends on nothing but the options.
 */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  return new FuzzRun(target, options).run()
}

class FuzzRun {
  readonly #target: FuzzTarget
  readonly #options: FuzzOptions
  readonly #random: Random
  readonly #pool: Uint8Array[] = []
  readonly #texts: string[] = []
  readonly #outcomes = new Set<string>()
  readonly #kept: Uint8Array[] = []
  readonly #findings: Finding[] = []
  readonly #memoryAtStart = process.memoryUsage.rss()
  #executions = 0
  #slowestMs = 0

  constructor(target: FuzzTarget, options: FuzzOptions) {
    this.#target = target
    this.#options = options
    this.#random = new Random(options.seed)
  }

  async run(): Promise<FuzzReport> {
    const { measuresCode, corpus, isEnough } = this.#options
    for (const input of [...this.#target.seeds, ...corpus]) this.#addToPool(input)
    const coverage = measuresCode ? new CodeCoverage(isSource) : undefined
    try {
      // Known inputs first, whatever the time: new is what they do not reach.
      for (const input of this.#pool.slice()) await this.#execute(input)
      this.#kept.length = 0
      coverage?.takeNew()
      while (!isEnough(this.#executions)) {
        const batch: Uint8Array[] = []
        while (batch.length < INPUTS_PER_LOOK && !isEnough(this.#executions)) {
          const input = this.#newInput()
          batch.push(input)
          await this.#execute(input)
        }
        const code = coverage?.takeNew()
        if (coverage !== undefined && code?.size) await this.#keepReaching(code, batch, coverage)
        if (process.memoryUsage.rss() - this.#memoryAtStart > MOST_MEMORY) {
          throw new Error(`${this.#target.name}: more than ${MOST_MEMORY} bytes of memory`)
        }
      }
      return {
        executions: this.#executions,
        code: coverage?.size ?? 0,
        outcomes: this.#outcomes.size,
        kept: this.#kept,
        findings: this.#findings,
        slowestMs: this.#slowestMs,
      }
    } finally {
      coverage?.close()
    }
  }

  #newInput(): Uint8Array {
    const random = this.#random
    const { isJson, words } = this.#target
    const base = random.pick(this.#pool)
    if (!isJson || random.oneIn(3)) return mutateBytes(base, random, this.#pool, words)
    return Buffer.from(mutateJson(Buffer.from(base).toString(), random, this.#texts, words))
  }

  async #execute(input: Uint8Array): Promise<void> {
    this.#executions++
    try {
      const outcome = await this.#timed(input)
      if (!this.#outcomes.has(outcome)) {
        this.#outcomes.add(outcome)
        this.#keep(input)
      }
    } catch (error) {
      this.#findings.push({ input, error })
    }
  }

  async #timed(input: Uint8Array): Promise<string> {
    let fastest = Infinity
    // Time of the processor, which does not depend on what else the machine is at; compiling and collecting now and then take some of it, too.
    for (let attempt = 0; attempt < 3; attempt++) {
      const start = process.threadCpuUsage()
      const outcome = await this.#target.run(input)
      const { user, system } = process.threadCpuUsage(start)
      fastest = Math.min(fastest, (user + system) / 1000)
      if (fastest > this.#target.limitMs) continue
      this.#slowestMs = Math.max(this.#slowestMs, fastest)
      return outcome
    }
    throw new Error(`an input of ${input.length} bytes took ${Math.round(fastest)} ms`)
  }

  /** Looks for the inputs of a batch that made some code run, by halves, and keeps what it takes to reach all of it. */
  async #keepReaching(code: CoveredCode, batch: readonly Uint8Array[], coverage: CodeCoverage): Promise<void> {
    coverage.takeAmong(code)
    for (const input of batch) {
      try {
        await this.#target.run(input)
      } catch {
        // It is among the findings already.
      }
    }
    const reached = coverage.takeAmong(code)
    const [only] = batch
    if (reached.size === 0 || only === undefined) return
    if (batch.length === 1) {
      this.#keep(only)
      for (const place of reached) code.delete(place)
      return
    }
    const half = batch.length >> 1
    await this.#keepReaching(code, batch.slice(0, half), coverage)
    await this.#keepReaching(code, batch.slice(half), coverage)
  }

  #keep(input: Uint8Array): void {
    this.#kept.push(input)
    this.#addToPool(input)
  }

  #addToPool(input: Uint8Array): void {
    this.#pool.push(input)
    if (this.#target.isJson) this.#texts.push(Buffer.from(input).toString())
  }
}

/**
 * The inputs, smallest first, without those that reach nothing which those before them do not.
 */
export async function withoutRepetitions(
  target: FuzzTarget,
  inputs: readonly Uint8Array[],
): Promise<readonly Uint8Array[]> {
  const coverage = new CodeCoverage(isSource)
  const outcomes = new Set<string>()
  const kept: Uint8Array[] = []
  try {
    for (const input of inputs.toSorted((a, b) => a.length - b.length)) {
      const before = outcomes.size
      try {
        outcomes.add(await target.run(input))
      } catch {
        continue
      }
      if (coverage.takeNew().size > 0 || outcomes.size > before) kept.push(input)
    }
    return kept
  } finally {
    coverage.close()
  }
}

function isSource(url: string): boolean {
  return url.includes('/src/')
}
