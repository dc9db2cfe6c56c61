import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { systemErrorCode } from '@varve/platform/errors'
import { nameFromBytes, nameToBytes, toFsPath } from '@varve/platform/file-name'
import { EntryTable, HASH_BYTES, type TableColumns } from '../scan/entry-table.ts'
import { isIncrementName } from '../increment/increment-name.ts'

/** First line of a state's file. */
const MAGIC = 'varve mirror state 1\n'

/** Bytes of all numbers and the hash of an entry. */
const ENTRY_BYTES = 8 + 8 + 8 + 2 + 1 + 1 + HASH_BYTES

const length = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const name = v.pipe(v.string(), v.check(isIncrementName))
const HEAD = v.object({
  increment: v.optional(name),
  publishing: v.optional(name),
  entries: length,
  pathBytes: length,
  targetBytes: length,
})

/** What a mirror holds, and since when. */
export interface MirrorState {
  /** Everything in the mirror, with the hashes of what is tracked. */
  readonly table: EntryTable
  /** The last increment that was made; undefined where none was. */
  readonly increment: string | undefined
  /** The increment that the run makes which writes this; undefined where it makes none. */
  readonly publishing: string | undefined
}

/**
 * A state as bytes: a line that names the format, one of JSON that says how long all is, the columns one after the other (numbers little-endian), and the SHA-256 of all that.
 * Nothing in it cannot be found out again from the mirror.
 */
export function encodeState({ table, increment, publishing }: MirrorState): Buffer {
  const { columns } = table
  const paths = nameToBytes(columns.paths)
  const targets = nameToBytes(columns.targets)
  const head = { increment, publishing, entries: table.length, pathBytes: paths.length, targetBytes: targets.length }
  const { sizes, mtimes, owners, modes, kinds, flags, hashes } = columns
  const content = Buffer.concat([
    Buffer.from(`${MAGIC}${JSON.stringify(head)}\n`),
    ...[sizes, mtimes, owners, modes, kinds, flags, hashes].map(bytesOf),
    paths,
    targets,
  ])
  return Buffer.concat([content, hash('sha256', content, 'buffer')])
}

/** A state from its bytes; undefined where they are not those of one, or not all of them. */
export function decodeState(bytes: Buffer): MirrorState | undefined {
  const content = bytes.subarray(0, -HASH_BYTES)
  const newline = content.indexOf('\n', MAGIC.length)
  if (bytes.length < HASH_BYTES || newline < 0 || content.toString('latin1', 0, MAGIC.length) !== MAGIC)
    return undefined
  if (!hash('sha256', content, 'buffer').equals(bytes.subarray(-HASH_BYTES))) return undefined
  const head = v.safeParse(HEAD, parseJson(content.toString('utf8', MAGIC.length, newline)))
  if (!head.success) return undefined
  const { entries, pathBytes, targetBytes, increment, publishing } = head.output
  let at = newline + 1
  if (content.length - at !== entries * ENTRY_BYTES + pathBytes + targetBytes) return undefined
  const take = (count: number): Uint8Array<ArrayBuffer> => {
    // Copied, as numbers of several bytes must lie at multiples of their size.
    const part = new Uint8Array(count)
    part.set(content.subarray(at, at + count))
    at += count
    return part
  }
  const columns: TableColumns = {
    sizes: new Float64Array(take(entries * 8).buffer),
    mtimes: new BigInt64Array(take(entries * 8).buffer),
    owners: new Uint32Array(take(entries * 8).buffer),
    modes: new Uint16Array(take(entries * 2).buffer),
    kinds: take(entries),
    flags: take(entries),
    hashes: take(entries * HASH_BYTES),
    paths: nameFromBytes(take(pathBytes)),
    targets: nameFromBytes(take(targetBytes)),
  }
  const table = new EntryTable(columns)
  return table.paths.length === entries ? { table, increment, publishing } : undefined
}

/**
 * The state in a file; undefined where there is none, or where what is there is damaged: it can be made again.
 * @throws the system's error where it cannot be read
 */
export function readState(path: string): MirrorState | undefined {
  try {
    return decodeState(readFileSync(toFsPath(path)))
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function bytesOf(numbers: ArrayBufferView): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}
