import { VarveError } from '@varve/platform/errors'
import { idFromBytes, type Id } from '../repository/id.ts'
import { EntrySet } from './entry-set.ts'
import type { TreeLoader } from '../repository/tree-loader.ts'
import { visitTrees } from './visit-trees.ts'

/** How to look for what is needed. */
export interface UsedBlobsOptions {
  /** Called for each distinct folder that was read. */
  readonly onTree?: (() => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * The entries of all blobs that trees need: they themselves, all below them, and the content of all files. Nothing is left out: whoever
 * removes the rest relies on it.
 *
 * @throws ERR_VARVE_MISSING_BLOB for one that no index knows; ERR_VARVE_DAMAGED, ERR_VARVE_NOT_FOUND or ERR_VARVE_STORAGE for a folder that cannot
 *   be read or does not say what is in it; ERR_VARVE_ABORTED
 */
export async function findUsedBlobs(
  trees: TreeLoader,
  roots: Iterable<Id>,
  options: UsedBlobsOptions = {},
): Promise<EntrySet> {
  const { index } = trees
  const used = new EntrySet(index.entryCount)
  const use = (entry: number, missing: () => string): boolean => {
    if (entry !== -1) return used.add(entry)
    throw new VarveError('ERR_VARVE_MISSING_BLOB', `no index knows ${missing()} needs`)
  }
  await visitTrees(
    trees,
    roots,
    {
      enter: (id) => use(index.entryNumber('tree', id), () => `tree blob ${id}, which a snapshot`),
      visit(id, tree) {
        for (const { name, type, content, subtree } of tree.others) {
          if ((type === 'file' && content === null) || (type === 'dir' && subtree === undefined)) {
            throw new VarveError('ERR_VARVE_DAMAGED', `folder ${id} does not say what is in ${JSON.stringify(name)}`)
          }
        }
        tree.forEachContent((data) => {
          use(index.entryNumberOfBytes('data', data), () => `data blob ${idFromBytes(data)}, which folder ${id}`)
        })
        options.onTree?.()
      },
    },
    options.signal,
  )
  return used
}
