import type { ByteString } from './byte-string.ts'
import type { Glob } from './glob.ts'

/** A component of a pattern; `any-run` is `**`, of which there are never two in a row. */
export type PatternStep = Glob | 'any-run'

/** A pattern, cut into its components. */
export interface CompiledPattern {
  /** Takes back what earlier patterns matched. */
  readonly negated: boolean
  /** Matches from the root on only. */
  readonly rooted: boolean
  readonly steps: readonly PatternStep[]
}

/** Turns a name into what the globs were compiled for. */
export type PrepareName = (name: string) => ByteString

/** How far one pattern has come on the way to a folder: the steps that the next component may take, or `done` once it has matched. */
type Progress = ReadonlySet<number> | 'done'

/** Patterns next to each other in the list that mean the same for a name which they match. */
interface Deciders {
  readonly verdict: boolean
  readonly literals: Set<ByteString>
  readonly globs: Glob[]
}

const NOWHERE: ReadonlySet<number> = new Set()

/**
 * How far a list of patterns has come on the way to a folder, and so what it says of the folder's entries. All patterns are followed at
 * once, as one would simulate a nondeterministic automaton, so that no pattern can make the work grow faster than its own length.
 */
export class PatternState {
  readonly #patterns: readonly CompiledPattern[]
  readonly #prepare: PrepareName
  readonly #progress: readonly Progress[]
  /** The state in which no pattern has come anywhere: that of most folders, so that it is worth keeping. */
  readonly #plain: PatternState
  readonly #deciders: readonly Deciders[]
  readonly #otherwise: boolean
  /** Whether an entry at any depth below the folder may be matched. */
  readonly mayMatchBelow: boolean

  private constructor(
    patterns: readonly CompiledPattern[],
    prepare: PrepareName,
    progress: readonly Progress[],
    plain: PatternState | undefined,
  ) {
    this.#patterns = patterns
    this.#prepare = prepare
    this.#progress = progress
    this.#plain = plain ?? this
    const { deciders, otherwise } = findDeciders(patterns, progress)
    this.#deciders = deciders
    this.#otherwise = otherwise
    this.mayMatchBelow = canStillMatch(patterns, progress)
  }

  /**
   * The state for the entries of the root folder.
   *
   * @param isRoot - false for paths that start nowhere in particular, which rooted patterns never match
   */
  static start(patterns: readonly CompiledPattern[], prepare: PrepareName, isRoot: boolean): PatternState {
    const nowhere = patterns.map(() => NOWHERE)
    const plain = new PatternState(patterns, prepare, nowhere, undefined)
    if (!isRoot || !patterns.some((pattern) => pattern.rooted)) return plain
    const progress = patterns.map((pattern) => (pattern.rooted ? toProgress(pattern, [0]) : NOWHERE))
    return new PatternState(patterns, prepare, progress, plain)
  }

  /** Whether the list matches the entry with this name. */
  matches(name: string): boolean {
    const text = this.#prepare(name)
    for (const { verdict, literals, globs } of this.#deciders) {
      if (literals.has(text)) return verdict
      for (const glob of globs) if (glob.matches(text)) return verdict
    }
    return this.#otherwise
  }

  /** The state for the entries of the sub-folder with this name. */
  enter(name: string): PatternState {
    if (this.#patterns.length === 0) return this
    const text = this.#prepare(name)
    let isPlain = true
    const progress = this.#patterns.map((pattern, index) => {
      const next = advance(pattern, this.#progress[index] ?? NOWHERE, text)
      if (next !== NOWHERE) isPlain = false
      return next
    })
    return isPlain ? this.#plain : new PatternState(this.#patterns, this.#prepare, progress, this.#plain)
  }
}

function advance(pattern: CompiledPattern, progress: Progress, name: ByteString): Progress {
  if (progress === 'done') return progress
  const reached: number[] = []
  for (const step of progress) {
    const what = pattern.steps[step]
    if (what === 'any-run') reached.push(step)
    else if (what?.matches(name) === true) reached.push(step + 1)
  }
  const [first] = pattern.steps
  if (!pattern.rooted && typeof first === 'object' && first.matches(name)) reached.push(1)
  return toProgress(pattern, reached)
}

function toProgress(pattern: CompiledPattern, reached: readonly number[]): Progress {
  if (reached.length === 0) return NOWHERE
  const steps = new Set<number>()
  for (const step of reached) {
    steps.add(step)
    // `**` may stand for nothing.
    if (pattern.steps[step] === 'any-run') steps.add(step + 1)
  }
  return steps.has(pattern.steps.length) ? 'done' : steps
}

/** The patterns that the next component can complete, the last of the list first, up to one that has matched already. */
function findDeciders(
  patterns: readonly CompiledPattern[],
  progress: readonly Progress[],
): { readonly deciders: readonly Deciders[]; readonly otherwise: boolean } {
  const deciders: Deciders[] = []
  for (let index = patterns.length - 1; index >= 0; index--) {
    const pattern = patterns[index]
    const reached = progress[index]
    if (pattern === undefined || reached === undefined) continue
    const verdict = !pattern.negated
    if (reached === 'done') return { deciders, otherwise: verdict }
    const final = finalStep(pattern)
    const glob = pattern.steps[final]
    if (typeof glob !== 'object' || !(reached.has(final) || (final === 0 && !pattern.rooted))) continue
    let group = deciders.at(-1)
    if (group?.verdict !== verdict) {
      group = { verdict, literals: new Set(), globs: [] }
      deciders.push(group)
    }
    if (glob.literal === undefined) group.globs.push(glob)
    else group.literals.add(glob.literal)
  }
  return { deciders, otherwise: false }
}

/** The last step that must take a component. */
function finalStep(pattern: CompiledPattern): number {
  return pattern.steps.at(-1) === 'any-run' ? pattern.steps.length - 2 : pattern.steps.length - 1
}

function canStillMatch(patterns: readonly CompiledPattern[], progress: readonly Progress[]): boolean {
  let may = false
  for (const [index, pattern] of patterns.entries()) {
    const reached = progress[index] ?? NOWHERE
    if (pattern.negated) may &&= reached !== 'done'
    else may ||= !pattern.rooted || reached === 'done' || reached.size > 0
  }
  return may
}
