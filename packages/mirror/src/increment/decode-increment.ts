import { comparePaths } from '@varve/delta/entries'
import { VarveError } from '@varve/platform/errors'
import * as v from 'valibot'
import type { CatalogueEntry, Increment, TrackedState } from './increment.ts'
import { isIncrementName } from './increment-name.ts'
import { CatalogueHash } from './metadata-format.ts'
import { damagedMetadata, parseMetadata, type RawMetadata } from './parse-metadata.ts'
import { isNameOfBytes, isTrackedPath } from './tracked-path.ts'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const mode = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0o7777))
const nanoseconds = v.pipe(
  v.string(),
  v.regex(/^(0|-?[1-9]\d{0,21})$/),
  v.transform((digits) => BigInt(digits)),
)
const name = v.pipe(v.string(), v.check(isIncrementName))
const moment = v.pipe(
  v.string(),
  v.transform((text) => new Date(text)),
  v.check((date) => !Number.isNaN(date.getTime())),
)
const text = v.pipe(
  v.string(),
  v.check((value) => !value.includes('\0') && isNameOfBytes(value)),
)

const HEAD = v.object({
  version: v.pipe(v.string(), v.regex(/^2\.\d+$/)),
  name,
  time: moment,
  previous: v.optional(name),
  source: text,
  digest: v.optional(sha256),
  catalog_digest: sha256,
  recreated_at: v.optional(moment),
})

const STATE = v.variant('type', [
  v.object({ type: v.literal('file'), mode, mtime_ns: nanoseconds, size: count, sha256 }),
  v.object({ type: v.literal('dir'), mode, mtime_ns: nanoseconds }),
  v.object({ type: v.literal('symlink'), mode, mtime_ns: nanoseconds, target: text }),
])
const PLACE = v.object({
  category: v.picklist(['track', 'deleted']),
  before: v.optional(STATE),
  content_deleted: v.optional(v.literal(true)),
})

/**
 * The increment that metadata describes which {@link encodeIncrement} made.
 *
 * @param bytes - may come from anywhere: nothing in it is trusted
 * @param what - names the metadata in messages
 * @throws ERR_VARVE_DAMAGED; ERR_VARVE_FORMAT for another format, or a later version of this one; ERR_VARVE_TOO_LARGE where somebody wrote so much of it on one line
 *   that it cannot be read
 */
export function decodeIncrement(bytes: Uint8Array, what: string): Increment {
  return incrementOf(parseMetadata(bytes, what), what)
}

/** As {@link decodeIncrement}, for what has been parsed. @throws as that */
export function incrementOf({ head, entries }: RawMetadata, what: string): Increment {
  const version = v.safeParse(v.object({ version: v.string() }), head)
  if (!version.success || /^[01]\./.test(version.output.version)) {
    throw new VarveError('ERR_VARVE_FORMAT', `${what} is no metadata of this format`)
  }
  if (!version.output.version.startsWith('2.')) {
    throw new VarveError('ERR_VARVE_FORMAT', `${what} has version ${version.output.version} of its format`, {
      hint: 'a later version of Varve wrote it',
    })
  }
  const parsed = v.safeParse(HEAD, head)
  if (!parsed.success) throw damagedMetadata(what, describeIssue(parsed.issues[0]))
  const { catalog_digest: catalogueDigest, recreated_at: recreatedAt, version: _version, ...rest } = parsed.output
  return {
    name: rest.name,
    time: rest.time,
    previous: rest.previous,
    source: rest.source,
    digest: rest.digest,
    ...(recreatedAt === undefined ? {} : { recreatedAt }),
    entries: readCatalogue(entries, catalogueDigest, what),
  }
}

function readCatalogue(
  entries: Iterable<readonly [string, unknown]>,
  expected: string,
  what: string,
): readonly CatalogueEntry[] {
  const hash = new CatalogueHash()
  const catalogue: CatalogueEntry[] = []
  let last: string | undefined
  for (const [path, value] of inOrder(entries, what)) {
    if (path === last) throw damagedMetadata(what, `'${path}' is there twice`)
    const entry = readEntry(path, value, what)
    hash.add(entry)
    catalogue.push(entry)
    last = path
  }
  if (hash.finish() !== expected) throw damagedMetadata(what, 'the digest of its catalogue is wrong')
  return catalogue
}

/** Tools that write JSON anew may have put the keys into an order of their own. */
function inOrder(entries: Iterable<readonly [string, unknown]>, what: string): readonly (readonly [string, unknown])[] {
  const all = [...entries]
  for (const [path] of all) {
    if (!isTrackedPath(path)) throw damagedMetadata(what, `${JSON.stringify(path)} is no path`)
  }
  const isSorted = all.every(([path], index) => index === 0 || comparePaths(all[index - 1]?.[0] ?? '', path) < 0)
  return isSorted ? all : all.toSorted(([a], [b]) => comparePaths(a, b))
}

function readEntry(path: string, value: unknown, what: string): CatalogueEntry {
  const place = v.safeParse(PLACE, value)
  const state = v.safeParse(STATE, value)
  if (!place.success) throw damagedMetadata(what, `'${path}': ${describeIssue(place.issues[0])}`)
  if (!state.success) throw damagedMetadata(what, `'${path}': ${describeIssue(state.issues[0])}`)
  const { category, before, content_deleted: isContentDeleted } = place.output
  const mark = isContentDeleted === true ? { isContentDeleted } : {}
  const own = trackedState(state.output)
  if (category === 'track') return { path, before: before && trackedState(before), after: own, ...mark }
  if (before !== undefined) throw damagedMetadata(what, `'${path}' went, and has two states before`)
  return { path, before: own, after: undefined, ...mark }
}

function trackedState(state: v.InferOutput<typeof STATE>): TrackedState {
  const common = { mode: state.mode, mtime: state.mtime_ns }
  if (state.type === 'file') return { type: 'file', ...common, size: state.size, hash: state.sha256 }
  return state.type === 'symlink' ? { type: 'symlink', ...common, target: state.target } : { type: 'dir', ...common }
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? 'it'} makes no sense`
}
