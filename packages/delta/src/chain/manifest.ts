import { createHash } from 'node:crypto'
import { VarveError } from '@varve/platform/errors'
import { isEntryName } from '@varve/platform/file-name'
import * as v from 'valibot'
import type { BackupKind } from './object-name.ts'

/** An object of a backup. */
export interface BackupObject {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Of all bytes, in hexadecimal. */
  readonly sha256: string
}

/** What is known of a backup. */
export interface Backup {
  readonly key: string
  readonly kind: BackupKind
  /** Milliseconds since 1970; no two backups of a key have the same. */
  readonly time: number
  /** Time of the backup that a `diff` holds the changes since; undefined for a `full` one. */
  readonly base: number | undefined
  /** Of the folder: what a restore must come to. */
  readonly stateHash: string
  /** What holds the content, in the order in which it is read. */
  readonly content: readonly BackupObject[]
  /** The index of the folder, which the next backup is compared with. */
  readonly state: BackupObject
  /** Files, folders and all else in the folder. */
  readonly entryCount: number
  /** Bytes of all files in the folder. */
  readonly totalSize: number
  /** Entries that could not be read, and are in the backup as they were before, or not at all. */
  readonly problemCount: number
}

const FORMAT = 'varve-backup'
const VERSION = 1

/** Far above any manifest: a full backup of a million volumes. */
const MOST_BYTES = 256 << 20

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const object = v.strictObject({ name: v.pipe(v.string(), v.check(isEntryName)), size: count, sha256 })
const OUTER = v.strictObject({ manifest: v.looseObject({ format: v.literal(FORMAT), version: count }), sha256 })
const MANIFEST = v.strictObject({
  format: v.literal(FORMAT),
  version: v.literal(VERSION),
  key: v.string(),
  kind: v.picklist(['full', 'diff']),
  time: count,
  base: v.optional(count),
  stateHash: sha256,
  content: v.array(object),
  state: object,
  entryCount: count,
  totalSize: count,
  problemCount: count,
})

/** The bytes of a backup's manifest: JSON, with a checksum. */
export function encodeManifest(backup: Backup): Buffer {
  const manifest = { format: FORMAT, version: VERSION, ...backup }
  return Buffer.from(`${JSON.stringify({ manifest, sha256: digest(manifest) })}\n`)
}

/**
 * The backup that a manifest describes.
 *
 * @param what - names the manifest in errors
 * @throws ERR_VARVE_DAMAGED; ERR_VARVE_FORMAT for a later version
 */
export function decodeManifest(bytes: Uint8Array, what: string): Backup {
  const outer = v.safeParse(OUTER, parseJson(bytes, what))
  if (!outer.success) throw damaged(what, 'it is none')
  const { manifest, sha256: stated } = outer.output
  if (stated !== digest(manifest)) throw damaged(what, 'its checksum is wrong')
  if (manifest.version !== VERSION) {
    throw new VarveError('ERR_VARVE_FORMAT', `${what} has version ${manifest.version} of its format`, {
      hint: 'a later version of Varve wrote it',
    })
  }
  const inner = v.safeParse(MANIFEST, manifest)
  if (!inner.success) throw damaged(what, 'it makes no sense')
  const { format: _format, version: _version, base, ...backup } = inner.output
  if ((backup.kind === 'diff') !== (base !== undefined) || (base ?? -1) >= backup.time) {
    throw damaged(what, 'it contradicts itself')
  }
  return { ...backup, base }
}

/** All bytes of a manifest. @throws ERR_VARVE_DAMAGED where there are too many for one */
export async function collectManifest(pieces: AsyncIterable<Uint8Array>, what: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const piece of pieces) {
    size += piece.length
    if (size > MOST_BYTES) throw damaged(what, 'it is too long')
    parts.push(piece)
  }
  return Buffer.concat(parts, size)
}

/** JSON has one form for what was read from JSON. */
function digest(manifest: object): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex')
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown
  } catch {
    throw damaged(what, 'it is no JSON')
  }
}

function damaged(what: string, reason: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `${what} is damaged: ${reason}`)
}
