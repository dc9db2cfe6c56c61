import { comparePaths } from '@varve/delta/entries'
import { CanonicalHash, canonicalState } from './canonical-state.ts'
import type { TrackedState } from './increment.ts'

/** An entry of the tracked tree, as it is at some time. */
export interface TrackedEntry {
  /** Relative to the source. */
  readonly path: string
  readonly state: TrackedState
}

/**
 * The digest of a whole tracked tree: two trees have the same one when paths, kinds, contents, permissions and times of all their entries are the same.
 *
 * @param entries - in the order of paths (`comparePaths` of `@varve/delta`), each path once
 * @returns SHA-256 as 64 hexadecimal digits
 * @throws a plain Error where the order is another
 */
export function treeDigest(entries: Iterable<TrackedEntry>): string {
  const hash = new CanonicalHash()
  let last: string | undefined
  for (const { path, state } of entries) {
    if (last !== undefined && comparePaths(last, path) >= 0) throw new Error(`'${path}' comes after '${last}'`)
    hash.add([path, ...canonicalState(state)])
    last = path
  }
  return hash.finish()
}
