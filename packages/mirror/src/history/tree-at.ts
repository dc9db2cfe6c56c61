import { comparePaths } from '@varve/delta/entries'
import type { Problem } from '@varve/platform'
import type { TrackedState } from '../increment/increment.ts'
import { treeDigest, type TrackedEntry } from '../increment/tree-digest.ts'
import { NO_INCREMENT, type CompleteIncrement } from './complete-increment.ts'
import type { History, MirrorTree } from './history.ts'

/** The tracked tree as it was after an increment. */
export interface TreeAt {
  readonly increment: CompleteIncrement
  /** In the order of paths. */
  readonly entries: readonly TrackedEntry[]
  /** Whether the digest that the increment's run wrote down is this tree's. */
  readonly isVerified: boolean
  /** What may have been otherwise, or have been there; a path that is empty speaks of the whole tree. Nothing where the tree is verified. */
  readonly doubts: readonly Problem[]
}

/** States by path; a problem stands for a state that nobody knows. */
type Tree = Map<string, TrackedState | Problem>

interface Candidate {
  readonly tree: Tree
  readonly doubts: readonly Problem[]
}

/**
 * The tracked tree as it was after an increment: forward from the first increment where all up to this one are there, otherwise backward from the mirror where all
 * after it are there, otherwise from whatever there is. The digest that the run wrote down tells which of these is right.
 *
 * @param increment - one of the history's
 */
export function treeAt(history: History, increment: CompleteIncrement): TreeAt {
  const position = history.increments.indexOf(increment)
  if (position < 0) throw new Error(`'${increment.name}' is no increment of this history`)
  let best: TreeAt | undefined
  for (const way of [forward, fromMirror, fromAll]) {
    const candidate = way(history, position)
    if (candidate === undefined) continue
    const found = judge(increment, candidate)
    if (found.isVerified) return found
    if (best === undefined || found.doubts.length < best.doubts.length) best = found
  }
  if (best === undefined) throw new Error('there is always a way')
  return best
}

function judge(increment: CompleteIncrement, { tree, doubts }: Candidate): TreeAt {
  const entries: TrackedEntry[] = []
  const unknown: Problem[] = []
  for (const [path, state] of tree) {
    if ('message' in state) unknown.push(state)
    else entries.push({ path, state })
  }
  entries.sort((a, b) => comparePaths(a.path, b.path))
  const isVerified = increment.digest !== undefined && treeDigest(entries) === increment.digest
  if (isVerified) return { increment, entries, isVerified, doubts: [] }
  const differs = { path: '', message: `it is not the tree that there was when '${increment.name}' was made` }
  return {
    increment,
    entries,
    isVerified,
    doubts: [...doubts, ...unknown, ...(increment.digest === undefined ? [] : [differs])],
  }
}

/** From nothing through all increments up to the one at `position`. */
function forward({ increments, problems }: History, position: number): Candidate | undefined {
  const chain: CompleteIncrement[] = []
  for (let at: number | undefined = position; at !== undefined;) {
    const increment: CompleteIncrement | undefined = increments[at]
    if (increment === undefined) break
    chain.push(increment)
    const previous: string | undefined = increment.previous
    if (previous === NO_INCREMENT || (previous === undefined && at === 0)) at = undefined
    else at = previous === undefined ? at - 1 : increments.findIndex(({ name }) => name === previous)
    if (at !== undefined && (at < 0 || chain.length > increments.length)) return undefined
  }
  const tree: Tree = new Map()
  for (const increment of chain.toReversed()) apply(increment, tree)
  return { tree, doubts: unreadable(problems) }
}

/** From the mirror through all increments between the one that it was left by and the one at `position`. */
function fromMirror({ increments, mirror }: History, position: number): Candidate | undefined {
  const base = increments.findIndex(({ name }) => name === mirror?.after)
  if (mirror === undefined || base < 0) return undefined
  const between = increments.slice(Math.min(base, position) + 1, Math.max(base, position) + 1)
  const isChain = between.every(({ previous }, index) => {
    return previous === increments[Math.min(base, position) + index]?.name
  })
  if (!isChain || (position < base && !between.every(({ knowsBefore }) => knowsBefore))) return undefined
  const tree = treeOf(mirror)
  if (position < base) for (const increment of between.toReversed()) undo(increment, tree)
  else for (const increment of between) apply(increment, tree)
  return { tree, doubts: [] }
}

/**
 * From all that is known: of each path what the last increment that names it made of it, or else what the next one found there, or else what the mirror has. That is
 * right unless an increment that is missing made something of it.
 */
function fromAll({ increments, mirror, problems }: History, position: number): Candidate {
  const tree = treeOf(mirror)
  for (const increment of increments.slice(position + 1).toReversed()) undo(increment, tree)
  for (const increment of increments.slice(0, position + 1)) apply(increment, tree)
  const known = new Set([NO_INCREMENT, ...increments.map(({ name }) => name)])
  const missing = increments.filter(({ previous }) => previous !== undefined && !known.has(previous))
  const gaps = missing.map(({ name, previous }) => ({
    path: '',
    message: `the increment '${previous}' before '${name}' is not there: what changed in it is unknown`,
  }))
  const unnamed =
    mirror === undefined && increments[0]?.previous !== NO_INCREMENT
      ? [{ path: '', message: 'what did not change since the first increment that is there is unknown' }]
      : []
  return { tree, doubts: [...unreadable(problems), ...gaps, ...unnamed] }
}

function treeOf(mirror: MirrorTree | undefined): Tree {
  return new Map(mirror?.entries.map(({ path, state }) => [path, state]))
}

function apply({ entries, lost }: CompleteIncrement, tree: Tree): void {
  for (const { path, after } of entries) {
    if (after === undefined) tree.delete(path)
    else tree.set(path, after)
  }
  for (const problem of lost) {
    if (problem.category === 'deleted') tree.delete(problem.path)
    else tree.set(problem.path, problem)
  }
}

function undo({ entries, lost, knowsBefore, name }: CompleteIncrement, tree: Tree): void {
  for (const { path, before } of entries) {
    if (before !== undefined) tree.set(path, before)
    else if (knowsBefore) tree.delete(path)
    else tree.set(path, { path, message: `what it was before '${name}' is unknown` })
  }
  for (const problem of lost) tree.set(problem.path, problem)
}

function unreadable(problems: readonly Problem[]): readonly Problem[] {
  return problems.map(({ path, message }) => ({ path: '', message: `the increment '${path}' is unknown: ${message}` }))
}
