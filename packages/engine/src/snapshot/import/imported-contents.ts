import { describeError, isVarveError, systemErrorCode } from '@varve/platform/errors'
import type { Id } from '../../repository/id.ts'
import type { BlobSaver } from '../blob-saver.ts'
import type { SavedFile } from '../save-jobs.ts'
import type { ImportedContent, ImportedEntry } from './import-options.ts'

/** What became of a content, once all that was handed to the saver is done. */
export type SavedContent =
  | { readonly kind: 'saved'; readonly ids: readonly Id[]; readonly size: number }
  | { readonly kind: 'failed'; readonly message: string }

/** Saves contents of files, each that has a key once, for as many snapshots as there are. */
export class ImportedContents {
  readonly #saver: BlobSaver
  readonly #byKey = new Map<string, PendingContent>()

  constructor(saver: BlobSaver) {
    this.#saver = saver
  }

  /**
   * Has the content of a file saved.
   * @throws ERR_VARVE_ABORTED, and what stopped the saver
   */
  async save({ content }: Extract<ImportedEntry, { readonly type: 'file' }>): Promise<PendingContent> {
    const { key } = content
    const known = key === undefined ? undefined : this.#byKey.get(key)
    if (known !== undefined) return known
    const pending = new PendingContent()
    if (key !== undefined) this.#byKey.set(key, pending)
    await this.#read(content, pending)
    return pending
  }

  async #read(content: ImportedContent, pending: PendingContent): Promise<void> {
    let located
    try {
      located = await content.locate()
    } catch (error) {
      if (isVarveError(error, 'ERR_VARVE_ABORTED')) throw error
      if (!isVarveError(error) && systemErrorCode(error) === undefined) throw error
      pending.outcome = { kind: 'failed', message: describeError(error) }
      return
    }
    this.#saver.saveFile({ path: located.path, ...located.state }, (saved) => {
      pending.outcome = outcomeOf(saved)
    })
    await this.#saver.room()
  }
}

/** A content that is on its way. */
export class PendingContent {
  /** Undefined until the saver is done with it. */
  outcome: SavedContent | undefined
}

function outcomeOf(saved: SavedFile): SavedContent {
  if (saved.kind === 'failed') return saved
  // What somebody made sure of was another content.
  if (saved.changedWhileRead || saved.found !== undefined) {
    return { kind: 'failed', message: 'it changed while it was being read' }
  }
  return { kind: 'saved', ids: saved.content, size: saved.size }
}
