import { throwIfAborted } from '@varve/platform/errors'
import { EntrySet } from '../history/entry-set.ts'
import type { TreeLoader } from '../repository/tree-loader.ts'
import { visitTrees } from '../history/visit-trees.ts'
import { walkTree } from '../history/walk-tree.ts'
import type { BlobHandle } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import type { TreeEntries } from '../repository/tree-entries.ts'
import type { StoredSnapshot } from '../repository/snapshot.ts'
import type { Finding } from './check-findings.ts'
import type { Affected, AffectedPath } from './check-report.ts'
import { blobKey, type LostContent } from './lost-content.ts'

/** Paths named for one problem. */
const NAMED_PATHS = 100

/** Entries looked at, over all snapshots, before the search is given up. */
const MAX_ENTRIES = 2_000_000

/** How far to look. */
export interface AffectedOptions {
  /** Entries to look at, over all snapshots, before the search is given up. */
  readonly maxEntries?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Finds which files in which snapshots need content that is lost.
 *
 * Folders are visited once to learn which of them lead to something lost; only these are then walked, snapshot by snapshot.
 *
 * @returns for each finding what it affects, undefined where nothing it concerns is lost
 * @throws ERR_VARVE_ABORTED
 */
export async function findAffected(
  trees: TreeLoader,
  snapshots: readonly StoredSnapshot[],
  findings: readonly Finding[],
  lost: LostContent,
  { signal, maxEntries = MAX_ENTRIES }: AffectedOptions = {},
): Promise<readonly (Affected | undefined)[]> {
  const causes = causesByBlob(findings, lost)
  if (causes.size === 0) return []
  const leading = await foldersLeadingTo(trees, snapshots, causes, signal)
  const results = findings.map(() => ({ paths: [] as AffectedPath[], total: 0, more: false }))
  let looked = 0

  const record = (blobs: Iterable<BlobHandle>, snapshot: Id, path: string): void => {
    const responsible = new Set<number>()
    for (const blob of blobs) for (const finding of causes.get(blobKey(blob)) ?? []) responsible.add(finding)
    for (const finding of responsible) {
      const result = results[finding]
      if (result === undefined) throw new Error(`no finding ${finding}`)
      result.total++
      if (result.paths.length < NAMED_PATHS) result.paths.push({ snapshot, path })
    }
  }

  for (const { id, tree } of snapshots) {
    const root: BlobHandle = { type: 'tree', id: tree }
    if (causes.has(blobKey(root))) record([root], id, '/')
    else if (leading(tree)) {
      const enter = (_path: string, node: Node): boolean => node.subtree !== undefined && leading(node.subtree)
      for await (const folder of walkTree(trees, tree, { enter, onDamaged: () => undefined, signal })) {
        looked += folder.tree.nodes.length
        for (const node of folder.tree.nodes) record(blobsOf(node), id, pathOf(folder.path, node))
        if (looked > maxEntries) break
      }
    }
    throwIfAborted(signal)
    if (looked > maxEntries) return results.map((result) => ({ ...result, more: true }))
  }
  return results
}

function causesByBlob(findings: readonly Finding[], lost: LostContent): ReadonlyMap<string, readonly number[]> {
  const causes = new Map<string, number[]>()
  for (const [number, { blobs }] of findings.entries()) {
    for (const blob of blobs) {
      if (!lost.has(blob)) continue
      const known = causes.get(blobKey(blob))
      if (known === undefined) causes.set(blobKey(blob), [number])
      else if (known.at(-1) !== number) known.push(number)
    }
  }
  return causes
}

/** Which folders have something lost in them or below them; lost folders themselves do not count. */
async function foldersLeadingTo(
  trees: TreeLoader,
  snapshots: readonly StoredSnapshot[],
  causes: ReadonlyMap<string, unknown>,
  signal: AbortSignal | undefined,
): Promise<(id: Id) => boolean> {
  const { index } = trees
  const seen = new EntrySet(index.entryCount)
  const leading = new EntrySet(index.entryCount)
  const parents = new Map<number, number[]>()
  const found: number[] = []
  const isLost = (blob: BlobHandle): boolean => causes.has(blobKey(blob))

  const visit = (id: Id, tree: TreeEntries): void => {
    const folder = index.entryNumber('tree', id)
    for (const node of tree.nodes()) {
      if (!leading.has(folder) && blobsOf(node).some(isLost) && leading.add(folder)) found.push(folder)
      const child = node.subtree === undefined ? -1 : index.entryNumber('tree', node.subtree)
      if (child === -1) continue
      const known = parents.get(child)
      if (known === undefined) parents.set(child, [folder])
      else if (known.at(-1) !== folder) known.push(folder)
    }
  }
  const enter = (id: Id): boolean => {
    const entry = index.entryNumber('tree', id)
    return entry !== -1 && !isLost({ type: 'tree', id }) && seen.add(entry)
  }
  const roots = snapshots.map((snapshot) => snapshot.tree)
  await visitTrees(trees, roots, { enter, visit, failed: () => undefined }, signal)
  for (let folder = found.pop(); folder !== undefined; folder = found.pop()) {
    for (const parent of parents.get(folder) ?? []) if (leading.add(parent)) found.push(parent)
  }
  return (id) => leading.has(index.entryNumber('tree', id))
}

function blobsOf(node: Node): readonly BlobHandle[] {
  if (node.type === 'dir') return node.subtree === undefined ? [] : [{ type: 'tree', id: node.subtree }]
  return (node.content ?? []).map((id) => ({ type: 'data', id }))
}

function pathOf(folder: string, node: Node): string {
  return `${folder}/${node.name}${node.type === 'dir' ? '/' : ''}`
}
