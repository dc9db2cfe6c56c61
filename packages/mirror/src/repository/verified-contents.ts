import type { ImportedContent, LocatedFile } from '@varve/engine'
import { describeError, isVarveError, VarveError } from '@varve/platform'
import { ContentPlaces, type ContentPlace } from '../history/content-places.ts'
import type { History } from '../history/history.ts'
import { hashFile } from '../increment/hash-file.ts'

/** Contents of a history's files, wherever they lie, each made sure of by its hash before anybody relies on it. */
export class VerifiedContents {
  readonly #places: ContentPlaces
  readonly #signal: AbortSignal | undefined

  constructor(history: History, signal: AbortSignal | undefined) {
    this.#places = new ContentPlaces(history, hashesOf(history))
    this.#signal = signal
  }

  /** The content that has a hash. */
  of(hash: string): ImportedContent {
    return { key: hash, locate: () => this.#locate(hash) }
  }

  async #locate(hash: string): Promise<LocatedFile> {
    const reasons: string[] = []
    for (const place of this.#places.of(hash)) {
      const found = await this.#verify(place, hash)
      if (typeof found !== 'string') return found
      reasons.push(found)
    }
    throw new VarveError(
      'ERR_VARVE_DAMAGED',
      reasons.length === 0 ? 'its content is nowhere any more' : reasons.join('; '),
    )
  }

  /** @returns why it is not the content that is wanted */
  async #verify({ path, where }: ContentPlace, wanted: string): Promise<LocatedFile | string> {
    try {
      const { hash, stats } = await hashFile(path, this.#signal)
      return hash === wanted ? { path, state: stats } : `its content in '${where}' is damaged`
    } catch (error) {
      if (isVarveError(error, 'ERR_VARVE_ABORTED')) throw error
      return `its content in '${where}' cannot be read: ${describeError(error)}`
    }
  }
}

function hashesOf({ increments, mirror }: History): ReadonlySet<string> {
  const hashes = new Set<string>()
  for (const { entries } of increments) {
    for (const { before, after } of entries) {
      for (const state of [before, after]) if (state?.type === 'file') hashes.add(state.hash)
    }
  }
  for (const { state } of mirror?.entries ?? []) if (state.type === 'file') hashes.add(state.hash)
  return hashes
}
