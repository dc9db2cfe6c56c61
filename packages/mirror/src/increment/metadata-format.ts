import { comparePaths } from '@varve/delta/entries'
import { canonicalState, CanonicalHash } from './canonical-state.ts'
import type { CatalogueEntry, TrackedState } from './increment.ts'

/** Version of the metadata that is written. The original program wrote `1.0`, and none before that. */
export const VERSION = '2.0'

/** How the catalogue begins that {@link encodeIncrement} writes: each entry has a line of its own, so that no reader needs the whole as one string. */
export const CATALOGUE_START = '\n  "file_catalog": {\n'

/** What follows the last entry's line. */
export const CATALOGUE_END = '  }\n}\n'

/** Folders of an increment that hold content. */
export const CATEGORIES = ['track', 'deleted'] as const

/** Where an entry's content lies in its increment: `track` for what is new or changed, `deleted` for what went. */
export type Category = (typeof CATEGORIES)[number]

/** The name of an increment's metadata in its folder. */
export function metadataName(increment: string): string {
  return `${increment}.json`
}

/** The category of a catalogue's entry: where the state lies that its metadata tells of first. */
export function categoryOf(entry: CatalogueEntry): Category {
  return entry.after === undefined ? 'deleted' : 'track'
}

/** What lies in an increment of an entry. */
export interface KeptState {
  readonly category: Category
  readonly state: TrackedState
}

/**
 * What has to lie in an increment of a catalogue's entry: its new state in `track`, its last one in `deleted` where it went, or where it was a file and something that is none took its
 * place. Content that was deleted from the increment need not.
 */
export function keptStates({ before, after, isContentDeleted }: CatalogueEntry): readonly KeptState[] {
  const kept: KeptState[] = after === undefined ? [] : [{ category: 'track', state: after }]
  const went = before !== undefined && (after === undefined || (before.type === 'file' && after.type !== 'file'))
  if (went) kept.push({ category: 'deleted', state: before })
  return isContentDeleted === true ? kept.filter(({ state }) => state.type !== 'file') : kept
}

/** Takes all entries of a catalogue for a digest that tells whether a byte of what they say has changed. */
export class CatalogueHash {
  readonly #hash = new CanonicalHash()
  #last: string | undefined

  /** Takes the next entry, in the order of paths. @throws a plain Error where it comes out of order */
  add({ path, before, after, isContentDeleted }: CatalogueEntry): void {
    if (this.#last !== undefined && comparePaths(this.#last, path) >= 0) {
      throw new Error(`'${path}' comes after '${this.#last}'`)
    }
    this.#last = path
    this.#hash.add([
      path,
      ...(before === undefined ? ['none'] : canonicalState(before)),
      ...(after === undefined ? ['none'] : canonicalState(after)),
      ...(isContentDeleted === true ? ['content deleted'] : []),
    ])
  }

  /** SHA-256 as 64 hexadecimal digits. Nothing can be added afterwards. */
  finish(): string {
    return this.#hash.finish()
  }
}
