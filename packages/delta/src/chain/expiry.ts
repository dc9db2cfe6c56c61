import { VarveError } from '@varve/platform/errors'
import type { ChainStorage, StoredObject } from './chain-storage.ts'
import type { BackupList, Chain } from './backup-list.ts'
import type { Backup } from './manifest.ts'
import { manifestName, parseObjectName } from './object-name.ts'

/** Milliseconds after which what a backup has written without getting finished is taken for left over: nobody works on one for so long. */
const ABANDONED_AFTER = 24 * 60 * 60 * 1000

/** Which chains may go. A chain goes only where all that is given says so. */
export interface ExpiryRules {
  /** Chains that stay in any case, the newest; 1 if undefined, and never less. */
  readonly keep?: number | undefined
  /** Milliseconds: a chain stays as long as any of its backups is younger. */
  readonly olderThan?: number | undefined
}

/** What is to be removed. */
export interface ExpiryPlan {
  readonly remove: readonly Chain[]
  readonly keep: readonly Chain[]
  /** Objects that no backup needs. */
  readonly leftOvers: readonly StoredObject[]
}

/** @throws ERR_VARVE_BAD_ARGUMENT for rules that say nothing, or would leave nothing */
export function assertRules(rules: ExpiryRules): void {
  const { keep, olderThan } = rules
  const isGiven = keep !== undefined || olderThan !== undefined
  if (!isGiven || !(Number.isInteger(keep ?? 1) && (keep ?? 1) >= 1) || !((olderThan ?? 0) >= 0)) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', 'it is not said which chains may go', {
      hint: 'say how many are to be kept, one at least, or how old those are that may go',
    })
  }
}

/**
 * Plans what to remove: whole chains only, since increments are nothing without their full backup, and never the newest.
 * @param now - milliseconds since 1970
 */
export function planExpiry(list: BackupList, key: string, rules: ExpiryRules, now: number): ExpiryPlan {
  const { keep = 1, olderThan = 0 } = rules
  const newest = list.chains.toSorted((a, b) => lastTime(b) - lastTime(a))
  const remove = newest.slice(Math.max(1, keep)).filter((chain) => lastTime(chain) < now - olderThan)
  const removed = new Set(remove)
  const isAbandoned = ({ name }: StoredObject): boolean =>
    (parseObjectName(name, key)?.time ?? now) < now - ABANDONED_AFTER
  return {
    remove: list.chains.filter((chain) => removed.has(chain)),
    keep: list.chains.filter((chain) => !removed.has(chain)),
    leftOvers: list.leftOvers.filter(isAbandoned),
  }
}

/**
 * Removes backups, and objects that nothing needs. What a backup that stays shares with one that goes, stays. A crash leaves backups that are whole, and
 * objects that no backup has.
 *
 * @param stay - backups whose objects must stay
 * @throws ERR_VARVE_STORAGE
 */
export async function removeBackups(
  storage: ChainStorage,
  backups: readonly Backup[],
  stay: readonly Backup[],
): Promise<void> {
  const needed = new Set(stay.flatMap(({ content, state }) => [...content, state].map(({ name }) => name)))
  // Newest first, so that none is ever listed without what it builds on; and manifests first, so that none is listed without its content.
  const order = backups.toSorted((a, b) => b.time - a.time)
  for (const { key, kind, time } of order) await storage.remove(manifestName(key, kind, time))
  const objects = order.flatMap(({ content, state }) => [...content, state].map(({ name }) => name))
  for (const name of new Set(objects)) if (!needed.has(name)) await storage.remove(name)
}

function lastTime({ full, backups }: Chain): number {
  return Math.max(full.time, ...backups.map(({ time }) => time))
}
