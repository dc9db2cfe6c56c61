import { type Id, type PruneResult, shortId } from '@varve/engine'
import { formatBytes } from '../format/format-bytes.ts'

/** A snapshot that was removed. */
export interface RemovedSnapshot {
  readonly id: Id
  /** Its number in the list before. */
  readonly number: number | undefined
}

/** What `varve prune` did. */
export interface PruneOutcome extends PruneResult {
  readonly removed: readonly RemovedSnapshot[]
  readonly dryRun: boolean
}

/** What `varve prune` did, for people. */
export function pruneText({ removed, dryRun, figures }: PruneOutcome, verbosity: number): readonly string[] {
  if (verbosity === 0) return []
  const names = removed.map(({ id, number }) => (number === undefined ? shortId(id) : String(number)))
  const packs = `${figures.packsRemoved} removed, ${figures.packsRepacked} written anew, ${figures.packsKept} kept`
  return [
    ...(dryRun ? names.map((name) => `Would remove snapshot ${name}.`) : []),
    `${dryRun ? 'Would free: ' : 'Freed:      '} ${formatBytes(figures.bytesFreed)} of ${formatBytes(figures.bytes)}`,
    `Packs:       ${packs}`,
    `Unused left: ${formatBytes(figures.unusedBytesLeft)}`,
    ...(dryRun
      ? ['This was a dry run: nothing was removed.']
      : removed.length === 0
        ? ['No snapshot was removed.']
        : names.map((name) => `Snapshot ${name} pruned successfully.`)),
  ]
}

/** What `varve prune` did, for programs, with the groups of restic's summary as far as the figures are the same. */
export function pruneJson({
  snapshots,
  figures,
  dryRun,
  packsWritten,
  bytesWritten,
}: PruneOutcome): readonly unknown[] {
  return [
    {
      message_type: 'summary',
      ...(dryRun ? { dry_run: true } : {}),
      removed_snapshots: snapshots,
      blobs: { remove_total: figures.blobsRemoved },
      bytes: {
        used: figures.usedBytes,
        unused: figures.unusedBytes,
        total: figures.bytes,
        repack: figures.bytesRepacked,
        remove_total: figures.bytesFreed,
        remaining: figures.bytes - figures.bytesFreed,
        remaining_unused: figures.unusedBytesLeft,
      },
      packfiles: {
        total: figures.packs,
        keep: figures.packsKept,
        repack: figures.packsRepacked,
        remove: figures.packsRemoved,
        written: packsWritten,
      },
      bytes_written: bytesWritten,
    },
  ]
}
