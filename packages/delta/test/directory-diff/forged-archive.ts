import { writeFileSync } from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { ByteWriter } from '../../src/directory-index/byte-writer.ts'
import { RecordEncoder } from '../../src/directory-index/record-encoder.ts'
import { StateHash } from '../../src/directory-index/state-hash.ts'
import type { EntryState } from '../../src/directory-index/entry.ts'
import { comparePaths } from '../../src/directory-index/entry-path.ts'
import { Seal, type ArchiveCompression } from '../../src/directory-diff/archive-format.ts'
import { changeKind, type Change } from '../../src/directory-diff/change.ts'
import {
  DIFF_FORMAT,
  encodeChange,
  encodeCounts,
  encodeDiffHeader,
  noChanges,
  type DirectoryState,
} from '../../src/directory-diff/diff-format.ts'
import { encodeEntry, END_OF_ARCHIVE, type WritableEntry } from '../../src/tar-volume/entry-encoding.ts'
import { paddedSize } from '../../src/tar-volume/tar-header.ts'

/** A member of a forged archive. */
export interface ForgedMember {
  readonly name: string
  readonly bytes: Uint8Array
  /** What its header says instead of what it has. */
  readonly size?: number
  readonly type?: WritableEntry['type']
  readonly linkTarget?: string
}

/** What somebody wrote who knows the format and means no good. */
export interface Forgery {
  readonly base: Readonly<Record<string, EntryState>>
  /** Nothing is put into order. */
  readonly changes: readonly Change[]
  readonly members: readonly ForgedMember[]
  /** States by path that the archive claims to make; those that the changes make by default. */
  readonly target?: Readonly<Record<string, EntryState>>
  readonly manifest?: Uint8Array
  readonly compression?: ArchiveCompression
}

/** A change, with what is left out filled in. */
export function change(path: string, rest: Partial<Omit<Change, 'path'>>): Change {
  return { path, before: undefined, after: undefined, source: undefined, isSource: false, ...rest }
}

/** Writes a forged archive, all its checksums and its seal right. */
export function forge(path: string, forgery: Forgery): void {
  const manifest = forgery.manifest ?? encodeManifest(forgery)
  const pieces: Uint8Array[] = []
  for (const member of [{ name: 'manifest', bytes: manifest }, ...forgery.members] as readonly ForgedMember[]) {
    pieces.push(
      encodeEntry({
        path: member.name,
        type: member.type ?? 'file',
        size: member.size ?? member.bytes.length,
        mode: 0o644,
        mtime: 0n,
        uid: 0,
        gid: 0,
        userName: '',
        groupName: '',
        linkTarget: member.linkTarget ?? '',
      }),
      member.bytes,
      Buffer.alloc(paddedSize(member.bytes.length) - member.bytes.length),
    )
  }
  const compression = forgery.compression ?? 'gzip'
  const tar = Buffer.concat([...pieces, END_OF_ARCHIVE])
  writeSealed(path, compression === 'gzip' ? gzipSync(tar) : zstdCompressSync(tar), compression)
}

/** Writes any bytes with a seal that is right for them. */
export function writeSealed(path: string, bytes: Uint8Array, compression: ArchiveCompression): void {
  const seal = new Seal(compression)
  seal.update(bytes)
  writeFileSync(path, Buffer.concat([bytes, seal.finish()]))
}

function encodeManifest({ base, changes, target }: Forgery): Buffer {
  const encoder = new RecordEncoder(DIFF_FORMAT.magic, DIFF_FORMAT.version)
  const writer = new ByteWriter()
  const made = new Map(Object.entries(base))
  for (const { path, after } of changes) {
    if (after === undefined) made.delete(path)
    else made.set(path, after)
  }
  encodeDiffHeader(writer, {
    base: directoryState(new Map(Object.entries(base))),
    target: directoryState(target === undefined ? made : new Map(Object.entries(target))),
  })
  encoder.add(writer.bytes)
  const counts = noChanges()
  for (const each of changes) {
    writer.clear()
    encodeChange(writer, each)
    encoder.add(writer.bytes)
    counts[changeKind(each)]++
  }
  writer.clear()
  encodeCounts(writer, counts)
  encoder.finish(writer.bytes)
  return encoder.take()
}

function directoryState(entries: ReadonlyMap<string, EntryState>): DirectoryState {
  const hash = new StateHash()
  const sorted = [...entries].toSorted(([a], [b]) => comparePaths(a, b))
  for (const [path, state] of sorted) hash.add(path, state)
  return {
    rules: { excludeFile: '.exclude', excludes: [] },
    entryCount: entries.size,
    totalSize: 0,
    stateHash: hash.finish(),
    root: undefined,
  }
}
