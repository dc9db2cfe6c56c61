import { VarveError } from '@varve/platform/errors'
import type { PresentPack } from './check-packs.ts'

/** Which packs to read. */
export type ReadDataSubset =
  /** The `part`-th of `of` groups, by the first byte of a pack's id: over `of` checks, every pack is read once. */
  | { readonly kind: 'part'; readonly part: number; readonly of: number }
  /** So many of a hundred packs, chosen at random. */
  | { readonly kind: 'percent'; readonly percent: number }
  /** Packs chosen at random that have about so many bytes together. */
  | { readonly kind: 'size'; readonly bytes: number }

/** Groups that the first byte of an id can tell apart. */
const MAX_PARTS = 256

/**
 * Chooses packs as restic does, so that parts checked by either client make a whole.
 *
 * @param random - numbers from 0 to 1, as `Math.random` makes them
 * @throws ERR_VARVE_BAD_ARGUMENT where the subset makes no sense
 */
export function choosePacks(
  packs: readonly PresentPack[],
  subset: ReadDataSubset,
  random: () => number = Math.random,
): readonly PresentPack[] {
  if (subset.kind === 'part') {
    const { part, of } = subset
    if (!Number.isInteger(part) || !Number.isInteger(of) || part < 1 || part > of || of > MAX_PARTS) {
      throw badSubset(`part ${part} of ${of}`, `parts are numbered from 1 to at most ${MAX_PARTS}`)
    }
    return packs.filter(({ id }) => Number.parseInt(id.slice(0, 2), 16) % of === part - 1)
  }
  if (subset.kind === 'percent') {
    if (!(subset.percent > 0 && subset.percent <= 100)) {
      throw badSubset(`${subset.percent} %`, 'it is more than 0 and at most 100')
    }
    return chooseRandomly(packs, subset.percent / 100, random)
  }
  if (!(subset.bytes > 0)) throw badSubset(`${subset.bytes} bytes`, 'it is more than 0')
  const total = packs.reduce((sum, { size }) => sum + size, 0)
  return chooseRandomly(packs, total === 0 ? 1 : Math.min(1, subset.bytes / total), random)
}

/** At least one pack, where there is any: the first steps of a Fisher–Yates shuffle. */
function chooseRandomly(packs: readonly PresentPack[], fraction: number, random: () => number): readonly PresentPack[] {
  const shuffled = [...packs]
  const count = Math.min(packs.length, Math.max(1, Math.floor(packs.length * fraction)))
  for (let i = 0; i < count; i++) {
    const other = i + Math.floor(random() * (packs.length - i))
    const [a, b] = [shuffled[i], shuffled[other]]
    if (a === undefined || b === undefined) throw new Error('a random number is out of range')
    shuffled[i] = b
    shuffled[other] = a
  }
  return shuffled.slice(0, count)
}

function badSubset(what: string, hint: string): VarveError {
  return new VarveError('ERR_VARVE_BAD_ARGUMENT', `there is no subset '${what}' of the data to read`, { hint })
}
