import * as v from 'valibot'
import { splitPath } from '../selection/path-pattern.ts'

/** Threads that make sense at most; more only wait for each other. */
const MOST_WORKERS = 256

const WHAT_LISTS_HOLD = {
  folders: 'a list of folders, such as ["projects", "notes"]',
  files: 'a list of files or patterns, such as ["todo.txt", "*.md"]',
} as const

const place = (example: string) => {
  const message = `must be the path of a folder, such as "${example}"`
  return v.optional(v.pipe(v.string(message), v.nonEmpty(message)))
}

const entry = v.pipe(
  v.string('must be text'),
  v.check(
    (text) => splitPath(text).length > 0 || text === '.' || text === './',
    'must not be empty; "." is all of src',
  ),
  v.check((text) => !text.includes('\0'), 'must not contain a NUL character: no name does'),
  v.check(
    (text) => !text.startsWith('/') && !text.startsWith('~/') && !/^[a-z]:[\\/]/i.test(text),
    'must be relative to src, without the path of src itself',
  ),
  v.check((text) => !text.split('/').includes('..'), 'must lie in src: leave out ".."'),
  v.check(
    (text) => !text.endsWith(':rec'),
    'must not end in ":rec": folders and patterns reach any depth without it ("[:]rec" at the end stands for a name that ends so)',
  ),
)

const file = v.pipe(
  entry,
  v.check((text) => splitPath(text).length > 0, 'must name files; a folder belongs into the list that ends in _dirs'),
  v.check((text) => !text.endsWith('/'), 'must not end in "/": a folder belongs into the list that ends in _dirs'),
)

const folders = v.optional(v.array(entry, `must be ${WHAT_LISTS_HOLD.folders}`))
const files = v.optional(v.array(file, `must be ${WHAT_LISTS_HOLD.files}`))

const workers = `must be a whole number from 1 to ${MOST_WORKERS}`

const KEYS = {
  src: place('~/Documents'),
  dist: place('~/Backups'),
  dst: place('~/Backups'),
  include_dirs: folders,
  track_dirs: folders,
  exclude_dirs: folders,
  include_files: files,
  track_files: files,
  exclude_files: files,
  max_workers: v.optional(
    v.pipe(v.number(workers), v.integer(workers), v.minValue(1, workers), v.maxValue(MOST_WORKERS, workers)),
  ),
} as const

/** Keys of one profile, in the order in which people write them. */
const CONFIG_KEYS: readonly string[] = Object.keys(KEYS)

/** Keys that later versions of the original program had, and what to do without them. */
const OTHER_KEYS: Readonly<Record<string, string>> = {
  directory_priority: 'leave it out: what any list tracks is tracked',
  preserved_dirs: 'leave it out: folders below those of include_dirs and track_dirs are kept, empty ones as well',
}

const unknownKey = (known: readonly string[]) => (issue: v.StrictObjectIssue) => {
  const key = issue.path?.at(-1)?.key
  const other = typeof key === 'string' && Object.hasOwn(OTHER_KEYS, key) ? OTHER_KEYS[key] : undefined
  return `is not a key that there is; ${other ?? `those are ${known.join(', ')}`}`
}

const table = (what: string) =>
  v.custom<object>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    `must be a table of ${what}`,
  )

const profile = v.pipe(table('keys and values'), v.strictObject(KEYS, unknownKey(CONFIG_KEYS)))

/** What a configuration file holds: the keys of one profile, and profiles that share them. */
export const CONFIG_SCHEMA = v.pipe(
  table('keys and values'),
  v.strictObject(
    { ...KEYS, profiles: v.optional(v.pipe(table('profiles'), v.record(v.string(), profile))) },
    unknownKey([...CONFIG_KEYS, 'profiles']),
  ),
)

/** Keys and values of one profile, as they are written. */
export type WrittenProfile = v.InferOutput<typeof profile>

/** What a configuration file holds. */
export type WrittenConfig = v.InferOutput<typeof CONFIG_SCHEMA>

/**
 * Says of each fault in a configuration which key it is at, what would be right, and what is there.
 * @returns one sentence for each
 */
export function explainIssues(issues: readonly v.BaseIssue<unknown>[]): readonly string[] {
  return issues.map((issue) => {
    const keys = issue.path?.map(({ key }) => key) ?? []
    const what = keys.length === 0 ? 'the configuration' : keyText(keys)
    const isUnknown = issue.type === 'strict_object' && issue.expected === 'never'
    return isUnknown ? `${what} ${issue.message}` : `${what} ${issue.message}; it is ${valueText(issue.input)}`
  })
}

/** `profiles.usb.include_dirs[2]`, where people count from 1. */
function keyText(keys: readonly unknown[]): string {
  return keys.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key + 1}]`
    const name = /^[\w-]+$/.test(String(key)) ? String(key) : JSON.stringify(key)
    return text === '' ? name : `${text}.${name}`
  }, '')
}

const LONGEST_VALUE = 60

function valueText(value: unknown): string {
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}
