import { badFilter } from './bad-filter.ts'
import { compileMasks } from './name-masks.ts'
import { parseSizeFilter, type SizeRange } from './size-filter.ts'
import { parseTimeFilter, type TimeRange } from './time-filter.ts'

/** What is searched for. What is not given does not matter. */
export interface SearchQuery {
  /** Files that match one of these: see {@link compileMasks}. */
  readonly masks?: readonly string[] | undefined
  /** See {@link parseSizeFilter}. Links have no size. */
  readonly size?: string | undefined
  /** When files were modified: see {@link parseTimeFilter}. */
  readonly time?: string | undefined
  /** What paths begin with. */
  readonly path?: string | undefined
  /** In how many increments, counted from the last. */
  readonly last?: number | undefined
}

/** A query that makes sense. */
export interface SearchFilter {
  /** Undefined where every path does. */
  readonly matchesPath: ((path: string) => boolean) | undefined
  readonly size: SizeRange | undefined
  readonly time: TimeRange | undefined
  readonly last: number | undefined
}

/**
 * Makes sense of a query.
 * @throws ERR_VARVE_BAD_ARGUMENT for a filter that makes none
 */
export function compileQuery({ masks = [], size, time, path, last }: SearchQuery): SearchFilter {
  if (last !== undefined && !(Number.isSafeInteger(last) && last > 0)) {
    throw badFilter('the number of increments', String(last), 'it is a whole number from 1')
  }
  const prefix = path === undefined ? undefined : readPrefix(path)
  const matchesMasks = compileMasks(masks)
  const isAny = masks.length === 0 && prefix === undefined
  return {
    matchesPath: isAny ? undefined : (each) => (prefix === undefined || each.startsWith(prefix)) && matchesMasks(each),
    size: size === undefined ? undefined : parseSizeFilter(size),
    time: time === undefined ? undefined : parseTimeFilter(time),
    last,
  }
}

function readPrefix(path: string): string {
  const prefix = path.replace(/^(\.\/)+/, '')
  if (prefix !== '' && !prefix.startsWith('/') && !/(^|\/)\.\.?(\/|$)/.test(prefix)) return prefix
  throw badFilter('the path', path, 'paths are relative to the source, like projects/site')
}
