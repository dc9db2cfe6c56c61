/**
 * `@varve/mirror/repository`: mirrors become snapshots of a repository of `@varve/engine`, and snapshots become mirrors.
 *
 * @packageDocumentation
 */
export { exportSnapshot, type MirrorExportOptions, type MirrorExportResult } from './repository/export-snapshot.ts'
export { importMirror } from './repository/import-mirror.ts'
export {
  type ImportedIncrement,
  INCOMPLETE_TAG,
  MIRROR_TAG,
  type MirrorImportOptions,
  type MirrorImportResult,
} from './repository/mirror-import-options.ts'
