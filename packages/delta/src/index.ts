/**
 * Building blocks for authors of backup tools: directory indexes, rsync deltas, diff archives, multi-volume tars.
 *
 * @packageDocumentation
 */
export { chooseBlockSize } from './rsync/block-size.ts'
export type { ByteStream } from './rsync/byte-stream.ts'
export { computeDelta, type DeltaOptions } from './rsync/delta.ts'
export { applyDelta, type PatchOptions } from './rsync/patch.ts'
export { accessTo, openFile, type OpenFile, type RandomAccess } from './rsync/random-access.ts'
export {
  computeSignature,
  signatureOfFile,
  type BlockSums,
  type Signature,
  type SignatureOptions,
  type SignatureParameters,
} from './rsync/signature.ts'
export { decodeSignature, encodeSignature } from './rsync/signature-format.ts'
export type { StrongHash } from './rsync/strong-hash.ts'
export type { WeakHash } from './rsync/weak-hash.ts'
export { DirIndex, type DirIndexOptions } from './directory-index/dir-index.ts'
export type {
  DeviceState,
  EntryState,
  EntryType,
  FifoState,
  FileStamp,
  FileState,
  FolderState,
  IndexEntry,
  LinkState,
  RootMetadata,
} from './directory-index/entry.ts'
export { comparePaths } from './directory-index/entry-path.ts'
export { DEFAULT_RULES, type ExclusionRules } from './directory-index/exclusion-rules.ts'
export type { UnchangedRule } from './directory-index/index-entries.ts'
export type { IndexSummary } from './directory-index/index-reader.ts'
export { CHANGE_KINDS, type Change, type ChangeKind } from './directory-diff/change.ts'
export type { ChangeCounts, DirectoryState } from './directory-diff/diff-format.ts'
export { DiffIndex, type DiffIndexOptions, type KnownChange } from './directory-diff/diff-index.ts'
