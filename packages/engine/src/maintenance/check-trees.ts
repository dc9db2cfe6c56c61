import { EntrySet } from '../history/entry-set.ts'
import type { TreeLoader } from '../repository/tree-loader.ts'
import { visitTrees } from '../history/visit-trees.ts'
import type { BlobHandle } from '../repository/blob.ts'
import { idFromBytes, type Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import type { TreeEntries } from '../repository/tree-entries.ts'
import type { CheckFindings } from './check-findings.ts'
import { blobKey, type LostContent } from './lost-content.ts'
import type { PhaseProgress } from './phase-progress.ts'

/** How much the snapshots hold. */
export interface TreeSurvey {
  /** Distinct folders. */
  readonly trees: number
  /** Distinct blobs of file content. */
  readonly dataBlobs: number
}

/**
 * Reads every folder of every snapshot once and looks for all content in the index.
 *
 * @param roots - the trees of all snapshots
 * @param lost - what is known to be lost, and so was reported; grows
 * @throws ERR_VARVE_ABORTED
 */
export async function checkTrees(
  trees: TreeLoader,
  roots: readonly Id[],
  lost: LostContent,
  out: CheckFindings,
  progress: PhaseProgress,
  signal?: AbortSignal,
): Promise<TreeSurvey> {
  const { index } = trees
  const seenTrees = new EntrySet(index.entryCount)
  const seenData = new EntrySet(index.entryCount)
  const unknown = new Set<string>()

  const reportMissing = (blob: BlobHandle): void => {
    if (unknown.has(blobKey(blob))) return
    unknown.add(blobKey(blob))
    const message = `${blob.type} blob ${blob.id} is missing: no index knows it`
    out.addLoss([blob], (affected) => ({ kind: 'missing-blob', blob, message, affected }))
  }
  const reportTree = (id: Id, message: string): void => {
    const blob: BlobHandle = { type: 'tree', id }
    lost.loseBlob(blob)
    out.addLoss([blob], (affected) => ({ kind: 'damaged-tree', tree: id, message, affected }))
  }

  await visitTrees(
    trees,
    roots,
    {
      enter(id) {
        const entry = index.entryNumber('tree', id)
        if (entry !== -1) return seenTrees.add(entry)
        reportMissing({ type: 'tree', id })
        return false
      },
      visit(id, tree) {
        tree.forEachContent((data) => {
          const entry = index.entryNumberOfBytes('data', data)
          if (entry === -1) reportMissing({ type: 'data', id: idFromBytes(data) })
          else seenData.add(entry)
        })
        const fault = describeFaults(tree)
        if (fault !== undefined) reportTree(id, `folder ${id}: ${fault}`)
        progress.advance(1)
      },
      failed(id, error) {
        if (!lost.has({ type: 'tree', id })) reportTree(id, error.message)
      },
    },
    signal,
  )
  return { trees: seenTrees.size, dataBlobs: seenData.size }
}

function describeFaults(tree: TreeEntries): string | undefined {
  // What numbers describe is a file with a list of content.
  const faults = Array.from(tree.others, faultOf).filter((fault) => fault !== undefined)
  const [first] = faults
  return faults.length > 1 ? `${first}, and ${faults.length - 1} more such entries` : first
}

/** What is wrong with an entry that was decoded. As restic: a file's size is not compared with its content, which differs in some real snapshots. */
function faultOf(node: Node): string | undefined {
  const name = JSON.stringify(node.name)
  if (node.type === 'file' && node.content === null) return `file ${name} has no list of content`
  if (node.type === 'dir' && node.subtree === undefined) return `folder ${name} has no tree`
  if (node.type === 'irregular') return `${name} is of no known type`
  return undefined
}
