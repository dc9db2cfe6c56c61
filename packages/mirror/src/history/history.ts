import { resolve } from 'node:path'
import { VarveError, type LongCall, type Problem } from '@varve/platform'
import { listIncrements } from '../increment/list-increments.ts'
import type { TrackedEntry } from '../increment/tree-digest.ts'
import { completeIncrement, type CompleteIncrement } from './complete-increment.ts'

/** The tracked part of a mirror. */
export interface MirrorTree {
  /** The increment whose run left the mirror so; undefined where none was made. */
  readonly after: string | undefined
  /** In the order of paths. */
  readonly entries: readonly TrackedEntry[]
}

/** What a destination keeps of the tracked tree. */
export interface History {
  /** Absolute path of the destination. */
  readonly destination: string
  /** From the first to the last. */
  readonly increments: readonly CompleteIncrement[]
  /** Undefined where nobody knows what of the mirror is tracked. */
  readonly mirror: MirrorTree | undefined
  /** Increments that could not be loaded, by name. */
  readonly problems: readonly Problem[]
}

/**
 * Loads what a destination keeps. Only increments that the original program made have their files read.
 *
 * @param destination - the folder that holds mirror and increments
 * @param mirror - the tracked part of the mirror, where it is known
 * @throws ERR_VARVE_NOT_FOUND; ERR_VARVE_STORAGE; ERR_VARVE_ABORTED
 */
export async function loadHistory(
  destination: string,
  mirror: MirrorTree | undefined,
  options: Pick<LongCall, 'signal'> = {},
): Promise<History> {
  const { increments, problems } = await listIncrements(destination, options)
  const complete: CompleteIncrement[] = []
  for (const increment of increments) complete.push(await completeIncrement(increment, options.signal))
  return { destination: resolve(destination), increments: complete, mirror, problems }
}

/**
 * The increment that somebody names: `latest`, a name with or without `backup_`, the beginning of just one, or its number in the list from 1; or the last that
 * was made by a moment.
 *
 * @param increments - from the first to the last
 * @throws ERR_VARVE_NOT_FOUND; ERR_VARVE_BAD_ARGUMENT where several are meant
 */
export function findIncrement<T extends { readonly name: string; readonly time: Date }>(
  increments: readonly T[],
  at: string | Date,
): T {
  if (increments.length === 0) throw new VarveError('ERR_VARVE_NOT_FOUND', 'there are no increments')
  if (at instanceof Date) {
    const found = increments.findLast((increment) => increment.time.getTime() <= at.getTime())
    if (found !== undefined) return found
    throw new VarveError('ERR_VARVE_NOT_FOUND', `no increment is as old as ${at.toISOString()}`)
  }
  const exact = increments.find(({ name }) => name === at || name === `backup_${at}`)
  const numbered = /^[1-9]\d{0,5}$/.test(at) ? increments[Number(at) - 1] : undefined
  const found = exact ?? (at === 'latest' ? increments.at(-1) : numbered)
  if (found !== undefined) return found
  const begun = at === '' ? [] : increments.filter(({ name }) => name.startsWith(at) || name.startsWith(`backup_${at}`))
  if (begun.length === 1 && begun[0] !== undefined) return begun[0]
  if (begun.length === 0) throw new VarveError('ERR_VARVE_NOT_FOUND', `there is no increment '${at}'`)
  throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `'${at}' is the beginning of ${begun.length} increments`, {
    hint: 'give the whole name',
  })
}
