/**
 * Incremental, deduplicated, encrypted snapshots in restic's repository format. See the README of the package for an example.
 *
 * @packageDocumentation
 */
export { VarveError, isVarveError, systemErrorCode, describeError, type ErrorCode } from '@varve/platform/errors'
export type { ExtendedAttribute, LongCall, Problem, Progress } from '@varve/platform'

export { openRepository, type OpenOptions } from './repository/open-repository.ts'
export { createRepository, type CreateOptions } from './repository/create-repository.ts'
export { removeStaleLocks, withLock, type LockOptions } from './repository/lock.ts'
export type { IndexedRepository, OpenRepository, RepositoryConfig, UnpackedType } from './repository/repository.ts'
export type { BlobHandle, BlobLocation, BlobType, PackContents, PackedBlob } from './repository/blob.ts'
export { isId, parseId, shortId, type Id } from './repository/id.ts'
export { type Compression } from './repository/compression.ts'
export type { Node, NodeType, Tree } from './repository/node.ts'
export { isPartial, ownTags, PARTIAL_TAG, sourceHost } from './repository/partial-snapshot.ts'
export type { Snapshot, SnapshotSummary, StoredSnapshot } from './repository/snapshot.ts'
export { encodeSnapshot } from './repository/snapshot-encoding.ts'
export {
  parseTimestamp,
  timestampFromNanoseconds,
  timestampNow,
  timestampToNanoseconds,
  type Timestamp,
} from './repository/timestamp.ts'
export { nameFromBytes, nameToBytes, toFsPath } from '@varve/platform/file-name'

export type { ByteRange, FileType, Storage, StoredFile } from './storage/storage.ts'
export { createStorage, openStorage } from './storage/open-storage.ts'
export { DirectoryStorage } from './storage/directory.ts'
export { MemoryStorage } from './storage/memory.ts'
export { RetryingStorage, type RetryOptions } from './storage/retry.ts'
export { SqliteStorage } from './storage/sqlite.ts'

export { snapshot } from './snapshot/snapshot.ts'
export { importSnapshots } from './snapshot/import/import-snapshots.ts'
export type {
  ImportedContent,
  ImportedDescription,
  ImportedEntry,
  ImportedResult,
  ImportedSnapshot,
  ImportOptions,
  LocatedFile,
} from './snapshot/import/import-options.ts'
export { DEFAULT_CHECKPOINT_RULE, type CheckpointRule } from './snapshot/checkpoints.ts'
export type {
  ParentGrouping,
  SnapshotItem,
  SnapshotOptions,
  SnapshotResult,
  StreamSource,
} from './snapshot/snapshot-options.ts'
export type { RuleOptions } from './snapshot/rules/rules.ts'
export { readPatternFile } from './snapshot/rules/pattern-file.ts'
export { expandFilesFrom, parseFilesFromRaw, parseFilesFromVerbatim } from './snapshot/rules/files-from.ts'

export { restore } from './restore/restore.ts'
export {
  OVERWRITE_MODES,
  type OverwriteMode,
  type RestoreAction,
  type RestoreItem,
  type RestoreOptions,
  type RestoreResult,
} from './restore/restore-options.ts'

export {
  findSnapshot,
  findSnapshotId,
  type FoundId,
  type FoundSnapshot,
  snapshotsInOrder,
} from './history/find-snapshot.ts'
export type { SnapshotFilter } from './history/snapshot-filter.ts'
export { listSnapshots, type ListOptions, type SnapshotList, type SnapshotRow } from './history/list.ts'
export { sourceComponents } from './history/source-location.ts'
export { readFile, type ReadFileOptions } from './history/read-file.ts'
export {
  repositoryStatistics,
  type BlobStatistics,
  type Statistics,
  type StatisticsOptions,
} from './history/statistics.ts'

export { check, type CheckOptions } from './maintenance/check.ts'
export type {
  Affected,
  AffectedPath,
  CheckCounts,
  CheckHint,
  CheckProblem,
  CheckResult,
} from './maintenance/check-report.ts'
export { prune, type PruneOptions, type PruneResult } from './maintenance/prune.ts'
