import * as v from 'valibot'
import { VarveError } from '@varve/platform/errors'
import { isId, shortId, type Id } from './id.ts'
import { jsonString } from './json-string.ts'
import type { Snapshot, SnapshotSummary, StoredSnapshot } from './snapshot.ts'
import { canonicalTimestamp, isTimestamp, ZERO_TIME, type Timestamp } from './timestamp.ts'

/**
 * A snapshot's file as restic writes it (`internal/data/snapshot.go`), followed by the description where there is one.
 */
export function encodeSnapshot(snapshot: Snapshot): Buffer {
  const fields = [`"time":"${canonicalTimestamp(snapshot.time)}"`]
  if (snapshot.parent !== undefined) fields.push(`"parent":"${snapshot.parent}"`)
  fields.push(`"tree":"${snapshot.tree}"`, `"paths":${stringList(snapshot.paths)}`)
  if (snapshot.hostname) fields.push(`"hostname":${jsonString(snapshot.hostname)}`)
  if (snapshot.username) fields.push(`"username":${jsonString(snapshot.username)}`)
  if (snapshot.uid) fields.push(`"uid":${snapshot.uid}`)
  if (snapshot.gid) fields.push(`"gid":${snapshot.gid}`)
  if (snapshot.excludes?.length) fields.push(`"excludes":${stringList(snapshot.excludes)}`)
  if (snapshot.tags?.length) fields.push(`"tags":${stringList(snapshot.tags)}`)
  if (snapshot.original !== undefined) fields.push(`"original":"${snapshot.original}"`)
  if (snapshot.programVersion) fields.push(`"program_version":${jsonString(snapshot.programVersion)}`)
  if (snapshot.summary !== undefined) fields.push(`"summary":${encodeSummary(snapshot.summary)}`)
  if (snapshot.description) fields.push(`"description":${jsonString(snapshot.description)}`)
  return Buffer.from(`{${fields.join()}}`, 'utf8')
}

function encodeSummary(summary: SnapshotSummary): string {
  return JSON.stringify({
    backup_start: canonicalTimestamp(summary.backupStart),
    backup_end: canonicalTimestamp(summary.backupEnd),
    files_new: summary.filesNew,
    files_changed: summary.filesChanged,
    files_unmodified: summary.filesUnmodified,
    dirs_new: summary.dirsNew,
    dirs_changed: summary.dirsChanged,
    dirs_unmodified: summary.dirsUnmodified,
    data_blobs: summary.dataBlobs,
    tree_blobs: summary.treeBlobs,
    data_added: summary.dataAdded,
    data_added_packed: summary.dataAddedPacked,
    total_files_processed: summary.totalFilesProcessed,
    total_bytes_processed: summary.totalBytesProcessed,
  })
}

function stringList(texts: readonly string[]): string {
  return `[${texts.map(jsonString).join()}]`
}

const text = v.optional(v.nullable(v.pipe(v.string(), v.transform(wellFormed)), ''), '')
const texts = v.optional(v.nullable(v.array(v.pipe(v.string(), v.transform(wellFormed))), []), [])
const count = v.optional(v.nullable(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0), 0)
const owner = v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff)), 0), 0)
const id = v.custom<Id>((value) => typeof value === 'string' && isId(value), 'is not an id')
const time = v.custom<Timestamp>((value) => typeof value === 'string' && isTimestamp(value), 'is not a time')

const SUMMARY = v.object({
  backup_start: v.optional(time, ZERO_TIME),
  backup_end: v.optional(time, ZERO_TIME),
  files_new: count,
  files_changed: count,
  files_unmodified: count,
  dirs_new: count,
  dirs_changed: count,
  dirs_unmodified: count,
  data_blobs: count,
  tree_blobs: count,
  data_added: count,
  data_added_packed: count,
  total_files_processed: count,
  total_bytes_processed: count,
})

const SNAPSHOT = v.object({
  time,
  parent: v.nullish(id),
  tree: id,
  paths: texts,
  hostname: text,
  username: text,
  uid: owner,
  gid: owner,
  excludes: texts,
  tags: texts,
  original: v.nullish(id),
  program_version: text,
  summary: v.nullish(SUMMARY),
  description: text,
})

/**
 * A snapshot from its file.
 * @param snapshotId - its name, also in errors
 * @throws ERR_VARVE_DAMAGED where `bytes` is no snapshot: not JSON, no time or tree, or a field of another type
 */
export function decodeSnapshot(bytes: Uint8Array, snapshotId: Id): StoredSnapshot {
  const parsed = v.safeParse(SNAPSHOT, parseJson(bytes, snapshotId))
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw damaged(snapshotId, `${v.getDotPath(issue) ?? 'all of it'}: ${issue.message}`)
  }
  const stored = parsed.output
  return {
    id: snapshotId,
    time: stored.time,
    ...(stored.parent && { parent: stored.parent }),
    tree: stored.tree,
    paths: stored.paths,
    ...(stored.hostname && { hostname: stored.hostname }),
    ...(stored.username && { username: stored.username }),
    ...(stored.uid && { uid: stored.uid }),
    ...(stored.gid && { gid: stored.gid }),
    ...(stored.excludes.length > 0 && { excludes: stored.excludes }),
    ...(stored.tags.length > 0 && { tags: stored.tags }),
    ...(stored.original && { original: stored.original }),
    ...(stored.program_version && { programVersion: stored.program_version }),
    ...(stored.summary && { summary: decodeSummary(stored.summary) }),
    ...(stored.description && { description: stored.description }),
  }
}

function decodeSummary(summary: v.InferOutput<typeof SUMMARY>): SnapshotSummary {
  return {
    backupStart: summary.backup_start,
    backupEnd: summary.backup_end,
    filesNew: summary.files_new,
    filesChanged: summary.files_changed,
    filesUnmodified: summary.files_unmodified,
    dirsNew: summary.dirs_new,
    dirsChanged: summary.dirs_changed,
    dirsUnmodified: summary.dirs_unmodified,
    dataBlobs: summary.data_blobs,
    treeBlobs: summary.tree_blobs,
    dataAdded: summary.data_added,
    dataAddedPacked: summary.data_added_packed,
    totalFilesProcessed: summary.total_files_processed,
    totalBytesProcessed: summary.total_bytes_processed,
  }
}

function parseJson(bytes: Uint8Array, snapshotId: Id): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch (cause) {
    throw damaged(snapshotId, 'it is not JSON', cause)
  }
}

function damaged(snapshotId: Id, what: string, cause?: unknown): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `snapshot ${shortId(snapshotId)} is damaged: ${what}`, { cause })
}

function wellFormed(value: string): string {
  return value.toWellFormed()
}
