import { encodeIncrement } from '../increment/encode-increment.ts'
import type { CatalogueEntry, Increment, TrackedState } from '../increment/increment.ts'
import { metadataName } from '../increment/metadata-format.ts'
import { treeDigest } from '../increment/tree-digest.ts'
import type { EntryTable } from '../scan/entry-table.ts'
import { trackedEntries } from '../scan/tracked-entries.ts'
import type { CopiedFiles } from './copy-changes.ts'
import { findContent } from './find-content.ts'
import { linkOrCopy } from './link-or-copy.ts'
import type { RunPlan } from './plan.ts'
import type { RunContext } from './run-context.ts'
import { StagingFolders } from './staging-folders.ts'

/** What an increment says of itself beside its entries. */
export type IncrementHead = Pick<Increment, 'name' | 'time' | 'previous'>

/**
 * Completes an increment in the work folder, where the files that were copied for it lie already: whatever else of its content the mirror has is linked, and the metadata written.
 *
 * @param next - what the mirror will hold
 * @throws the system's error; ERR_VARVE_ABORTED
 */
export function makeIncrement(
  context: RunContext,
  plan: RunPlan,
  head: IncrementHead,
  entries: readonly CatalogueEntry[],
  next: EntryTable,
  copied: CopiedFiles,
): void {
  const { steps, layout, config } = context
  const folder = layout.unfinished(head.name)
  const deletedFolders = new StagingFolders(steps, `${folder}/deleted`)
  copied.trackFolders.make('')
  deletedFolders.make('')
  context.begin('linking', entries.length)
  for (const entry of entries) {
    keepEntry(context, plan.tables.mirror, entry, copied, deletedFolders)
    context.advance(entry.path)
  }
  copied.trackFolders.finish((path) => next.find(path), context.keepsOwners)
  deletedFolders.finish((path) => plan.tables.mirror.find(path), context.keepsOwners)
  const digest = treeDigest(trackedEntries(next))
  const bytes = encodeIncrement({ ...head, source: config.source, digest, entries })
  const metadata = `${folder}/${metadataName(head.name)}`
  steps.writeFile(metadata, bytes)
  const root = plan.tables.source.find('')
  // Whoever may not see the source's names does not see them here either.
  if (root !== undefined) {
    if (context.keepsOwners && (root.uid !== 0 || root.gid !== 0)) {
      steps.setOwner(folder, root.uid, root.gid)
      steps.setOwner(metadata, root.uid, root.gid)
    }
    steps.setFolderMode(folder, (root.mode & 0o777) | 0o700)
  }
}

/** Puts what an entry tells of where it belongs, unless it was copied there. */
function keepEntry(
  context: RunContext,
  mirror: EntryTable,
  { path, before, after }: CatalogueEntry,
  copied: CopiedFiles,
  deletedFolders: StagingFolders,
): void {
  // What a link or folder took the place of went as well.
  if (before !== undefined && (after === undefined || (before.type === 'file' && after.type !== 'file'))) {
    keepState(context, mirror, path, before, deletedFolders)
  }
  if (after !== undefined && !copied.rows.has(path)) keepState(context, mirror, path, after, copied.trackFolders)
}

function keepState(
  context: RunContext,
  mirror: EntryTable,
  path: string,
  state: TrackedState,
  folders: StagingFolders,
): void {
  const { steps, layout } = context
  if (state.type === 'dir') return folders.make(path)
  const to = folders.prepare(path)
  if (state.type === 'symlink') {
    steps.makeLink(to, state.target)
    return steps.setTime(to, state.mtime)
  }
  const row = mirror.find(path)
  const isThere = row?.kind === 'file' && row.size === state.size && row.mtime === state.mtime
  const file = isThere ? layout.inMirror(path) : findContent(context, path, state)
  if (file !== undefined) return linkOrCopy(context, file, to)
  context.report({
    path,
    message: 'its last content is nowhere any more: somebody changed the mirror, and no increment has it',
  })
}
