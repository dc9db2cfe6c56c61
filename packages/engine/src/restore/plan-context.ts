import { lstatSync, type BigIntStats } from 'node:fs'
import { toFsPath } from '@varve/platform/file-name'
import type { Platform } from '@varve/platform'
import type { BlobIndex } from '../repository/blob-index.ts'
import type { Node } from '../repository/node.ts'
import { timestampToNanoseconds } from '../repository/timestamp.ts'
import type { ContentComparison } from './content-comparison.ts'
import type { EntryMetadata, PlannedEntries } from './planned-entries.ts'
import type { PlannedPieces } from './planned-pieces.ts'
import type { ProtectedPaths } from './protected-paths.ts'
import type { OverwriteMode } from './restore-options.ts'
import type { RestoreReporter } from './restore-reporter.ts'

/** What all parts of the planning work with and on. */
export interface PlanContext {
  readonly platform: Platform
  readonly index: BlobIndex
  readonly overwrite: OverwriteMode
  /** Whether folders that are not empty may be removed. */
  readonly delete: boolean
  readonly protectedPaths: ProtectedPaths
  readonly reporter: RestoreReporter
  readonly comparison: ContentComparison
  readonly entries: PlannedEntries
  readonly pieces: PlannedPieces
  /** Called between folders: whoever follows the planning may take what there is. Throws what that throws. */
  readonly offer: () => void
}

/** A folder that is being planned. */
export interface PlannedFolder {
  /** Number of its entry. */
  readonly entry: number
  readonly path: string
  /** Whether it is there already, so that its entries may be. */
  readonly exists: boolean
}

/** What is at a path itself; undefined where nothing is. Throws the system's error. */
export function lookAt(path: string): BigIntStats | undefined {
  return lstatSync(toFsPath(path), { bigint: true, throwIfNoEntry: false })
}

/** The metadata to set for an entry of a snapshot. */
export function metadataOf(node: Node): EntryMetadata {
  return {
    mode: node.mode,
    uid: node.uid,
    gid: node.gid,
    atime: timestampToNanoseconds(node.atime),
    mtime: timestampToNanoseconds(node.mtime),
    attributes: node.extendedAttributes,
  }
}
