import type { ByteRange, FileType, StoredFile } from './storage.ts'

/** What the thread that works on a database is asked to do. The first request opens or creates, the last one closes. */
export type SqliteRequest =
  | { readonly kind: 'open'; readonly path: string }
  | { readonly kind: 'create'; readonly path: string }
  | { readonly kind: 'list'; readonly type: FileType }
  | { readonly kind: 'load'; readonly type: FileType; readonly name: string; readonly range: ByteRange | undefined }
  | { readonly kind: 'save'; readonly type: FileType; readonly name: string; readonly bytes: Uint8Array }
  | { readonly kind: 'remove'; readonly type: FileType; readonly name: string }
  | { readonly kind: 'stat'; readonly type: FileType; readonly name: string }
  | { readonly kind: 'reclaim' }
  | { readonly kind: 'close' }

/** What comes back. */
export interface SqliteAnswers {
  readonly open: undefined
  readonly create: undefined
  readonly list: readonly StoredFile[]
  readonly load: Uint8Array<ArrayBuffer>
  readonly save: undefined
  readonly remove: undefined
  readonly stat: StoredFile | undefined
  /** Whether there is more to reclaim. */
  readonly reclaim: boolean
  readonly close: undefined
}
