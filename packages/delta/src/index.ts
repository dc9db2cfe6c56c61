/**
 * Building blocks for authors of backup tools: directory indexes, rsync deltas, diff archives, multi-volume tars.
 *
 * @packageDocumentation
 */
export { computeLibrsyncDelta } from './librsync/librsync-delta.ts'
export { applyLibrsyncDelta } from './librsync/librsync-patch.ts'
export {
  computeLibrsyncSignature,
  decodeLibrsyncSignature,
  encodeLibrsyncSignature,
  type LibrsyncSignatureOptions,
} from './librsync/librsync-signature.ts'
export { chooseBlockSize } from './rsync/block-size.ts'
export type { ByteStream } from './rsync/byte-stream.ts'
export { computeDelta, type DeltaOptions } from './rsync/delta.ts'
export { applyDelta, type DeltaPatchOptions } from './rsync/patch.ts'
export type { PatchOptions } from './rsync/carry-out.ts'
export { accessTo, openFile, type OpenFile, type RandomAccess } from './rsync/random-access.ts'
export type { BlockSums, SignatureParameters } from './rsync/block-sums.ts'
export { computeSignature, signatureOfFile, type Signature, type SignatureOptions } from './rsync/signature.ts'
export { decodeSignature, encodeSignature } from './rsync/signature-format.ts'
export type { StrongHash, WeakHash } from './rsync/block-hashes.ts'
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
export { isSameContent, isSameState } from './directory-index/entry.ts'
export { DEFAULT_RULES, type ExclusionRules } from './directory-index/exclusion-rules.ts'
export type { UnchangedRule } from './directory-index/index-entries.ts'
export type { IndexSummary } from './directory-index/index-reader.ts'
export { CHANGE_KINDS, type Change, type ChangeKind } from './directory-diff/change.ts'
export type { ChangeCounts, DirectoryState } from './directory-diff/diff-format.ts'
export { DiffIndex, type DiffIndexOptions, type KnownChange } from './directory-diff/diff-index.ts'
export { applyDiff, recoverApply, type AppliedDiff, type ApplyOptions } from './directory-diff/apply/apply-diff.ts'
export type { Recovery } from './directory-diff/apply/recover.ts'
export type { ArchiveCompression } from './directory-diff/archive-format.ts'
export { DiffData, type ArchiveOptions, type ArchiveSummary } from './directory-diff/diff-data.ts'
export { COMPRESSIONS, type Compression } from './tar-volume/compression.ts'
export type { ExtractOptions, ExtractResult } from './tar-volume/extraction.ts'
export type { TarEntry, TarEntryType } from './tar-volume/tar-entry.ts'
export { TarVolume } from './tar-volume/tar-volume.ts'
export {
  DEFAULT_VOLUME_SIZE,
  type MemberMetadata,
  type NewMember,
  type TarVolumeOptions,
  type TarVolumeResult,
} from './tar-volume/tar-volume-options.ts'
export { TarVolumeReader, type VolumeChoice } from './tar-volume/tar-volume-reader.ts'
export { TarVolumeWriter } from './tar-volume/tar-volume-writer.ts'
export { findKeys } from './tar-volume/volume-discovery.ts'
export type { MemberPiece, TarMember, Volume, VolumeIndex } from './tar-volume/volume-index.ts'
export { indexName } from './tar-volume/volume-name.ts'
export type { ScanOptions } from './tar-volume/volume-scan.ts'
export type { Oversized } from './tar-volume/volume-set-writer.ts'
export type { BackupList, Chain } from './chain/backup-list.ts'
export type { ChainStorage, StoredObject } from './chain/chain-storage.ts'
export type { BackupOptions, ChainsOptions, RestoreChainOptions } from './chain/chain-options.ts'
export { Chains } from './chain/chains.ts'
export type { ExpiryPlan, ExpiryRules } from './chain/expiry.ts'
export { FolderStorage } from './chain/folder-storage.ts'
export { parseInterval } from './chain/interval.ts'
export type { Backup, BackupObject } from './chain/manifest.ts'
export type { BackupKind } from './chain/object-name.ts'
