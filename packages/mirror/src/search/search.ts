import type { DatabaseSync } from 'node:sqlite'
import type { Problem } from '@varve/platform'
import { inOrder } from '../increment/list-increments.ts'
import type { CataloguedEntry, LoadedIncrement } from '../increment/loaded-increment.ts'
import { CATEGORIES } from '../increment/metadata-format.ts'
import { fromSql, timeFromSql } from './index-content.ts'
import { withSearchIndex, type IndexOptions } from './search-index.ts'
import { compileQuery, type SearchFilter, type SearchQuery } from './search-query.ts'

/** An increment in short. */
export interface IncrementSummary {
  readonly name: string
  readonly time: Date
  readonly origin: LoadedIncrement['origin']
  /** The increment before, as its metadata says. */
  readonly previous: string | undefined
  /** Absolute path of the source; undefined where the metadata does not say. */
  readonly source: string | undefined
  /** Files and links that were new or changed. */
  readonly tracked: number
  readonly trackedBytes: number
  /** Files and links that went. */
  readonly deleted: number
  readonly deletedBytes: number
}

/** The increments of a destination in short. */
export interface IncrementOverview {
  /** From the first to the last. */
  readonly increments: readonly IncrementSummary[]
  /** Increments whose metadata is missing or damaged, by name. */
  readonly problems: readonly Problem[]
}

/** What was found in an increment. */
export interface IncrementHits {
  readonly increment: IncrementSummary
  /** In the order of paths; at least one. */
  readonly files: readonly CataloguedEntry[]
}

/** What a search found. */
export interface SearchResult {
  /** Increments in which something was found, from the first to the last. */
  readonly found: readonly IncrementHits[]
  /** Increments that could not be searched, by name: their metadata is missing or damaged. */
  readonly problems: readonly Problem[]
}

/**
 * Lists the increments of a destination, from the index of their metadata.
 *
 * @throws ERR_VARVE_NOT_FOUND; ERR_VARVE_STORAGE
 */
export async function summarizeIncrements(destination: string, options: IndexOptions = {}): Promise<IncrementOverview> {
  return await withSearchIndex(destination, options, readOverview)
}

/**
 * Searches the files and links of all increments: those that are new or changed in them, and those that went.
 *
 * @throws ERR_VARVE_BAD_ARGUMENT for a filter that makes no sense; ERR_VARVE_NOT_FOUND; ERR_VARVE_STORAGE
 */
export async function searchIncrements(
  destination: string,
  query: SearchQuery,
  options: IndexOptions = {},
): Promise<SearchResult> {
  const filter = compileQuery(query)
  return await withSearchIndex(destination, options, (database) => {
    const { increments, problems } = readOverview(database)
    const searched = filter.last === undefined ? increments : increments.slice(-filter.last)
    const found = findFiles(database, searched, filter)
    return { found, problems }
  })
}

function readOverview(database: DatabaseSync): IncrementOverview {
  const rows = database.prepare('SELECT * FROM increments ORDER BY time, name').all()
  const problems = rows.flatMap(({ name, problem }): readonly Problem[] =>
    typeof problem === 'string' ? [{ path: String(name), message: problem }] : [],
  )
  const whole = rows.filter(({ problem }) => problem === null)
  const increments = whole.map((row): IncrementSummary => ({
    name: String(row['name']),
    time: new Date(Number(row['time'])),
    origin: row['origin'] === 'varve' || row['origin'] === 'recreated' ? row['origin'] : 'original',
    previous: row['previous'] === null ? undefined : String(row['previous']),
    source: row['source'] === null ? undefined : fromSql(row['source']),
    tracked: Number(row['tracked']),
    trackedBytes: Number(row['tracked_bytes']),
    deleted: Number(row['deleted']),
    deletedBytes: Number(row['deleted_bytes']),
  }))
  return { increments: inOrder(increments), problems }
}

function findFiles(
  database: DatabaseSync,
  increments: readonly IncrementSummary[],
  { matchesPath, size, time }: SearchFilter,
): readonly IncrementHits[] {
  const conditions = ['increment = (SELECT id FROM increments WHERE name = $name)']
  if (size !== undefined) conditions.push(`size BETWEEN ${size.min} AND ${size.max}`)
  if (time !== undefined && time.from > -Infinity)
    conditions.push(`seconds * 1000 + nanoseconds / 1000000 >= ${time.from}`)
  if (time !== undefined && time.until < Infinity)
    conditions.push(`seconds * 1000 + nanoseconds / 1000000 < ${time.until}`)
  if (matchesPath !== undefined) {
    database.function('matches_path', (path) => (matchesPath(fromSql(path)) ? 1 : 0))
    conditions.push('matches_path(path)')
  }
  const statement = database.prepare(`SELECT * FROM files WHERE ${conditions.join(' AND ')} ORDER BY number`)
  return increments.flatMap((increment): readonly IncrementHits[] => {
    const files = statement.all({ $name: increment.name }).map(readFile)
    return files.length === 0 ? [] : [{ increment, files }]
  })
}

function readFile(row: Readonly<Record<string, unknown>>): CataloguedEntry {
  return {
    path: fromSql(row['path']),
    category: CATEGORIES[Number(row['category'])] ?? 'track',
    type: row['type'] === 'symlink' ? 'symlink' : 'file',
    size: typeof row['size'] === 'number' ? row['size'] : undefined,
    mtime: timeFromSql(row['seconds'], row['nanoseconds']),
    hash: typeof row['hash'] === 'string' ? row['hash'] : undefined,
  }
}
