import { readFileSync, writeFileSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { VarveError } from '@varve/platform/errors'
import { SqliteDatabase } from '../../src/storage/sqlite-database.ts'
import { LISTED_FILE_TYPES } from '../../src/storage/storage.ts'
import { pseudoRandom } from '../chunking/pseudo-random.ts'
import { nameOf } from './numbered-objects.ts'
import { temporaryFolder } from './temporary-folder.ts'

const NAMES = [1, 2, 3, 4].map(nameOf)

/** A database with a config, a lock and four packs, closed. */
async function makeDatabase(): Promise<string> {
  const path = join(await temporaryFolder(), 'backups.db')
  const database = SqliteDatabase.create(path)
  database.save('config', '', Buffer.from('config'))
  database.save('lock', nameOf(9), Buffer.from('lock'))
  for (const [n, name] of NAMES.entries()) database.save('pack', name, pseudoRandom(n, n * 200_000))
  database.close()
  return path
}

function change(path: string, statements: string): void {
  const connection = new DatabaseSync(path)
  connection.exec(statements)
  connection.close()
}

/** All files of a folder, with what is in them. */
async function contents(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder)).toSorted()
  return new Map(
    await Promise.all(names.map(async (name) => [name, (await readFile(join(folder, name))).toString('hex')] as const)),
  )
}

/** What opening a file and making a repository in it fail with, and whether all in its folder is as it was. */
async function refusals(path: string): Promise<{ opening: unknown; making: unknown; untouched: boolean }> {
  const before = await contents(join(path, '..'))
  const opening = failureOf(() => SqliteDatabase.open(path))
  const making = failureOf(() => SqliteDatabase.create(path))
  return { opening, making, untouched: isDeepStrictEqual(await contents(join(path, '..')), before) }
}

function failureOf(work: () => SqliteDatabase): unknown {
  try {
    work().close()
    return undefined
  } catch (error) {
    return error
  }
}

function failure(code: string, message: RegExp): object {
  return { code, message: expect.stringMatching(message), hint: expect.any(String) }
}

test.each([
  ['a short text', Buffer.from('hello')],
  ['a long text', Buffer.from('not a database at all. '.repeat(10_000))],
  ['zeros', Buffer.alloc(200_000)],
  ['the start of a database', Buffer.from('SQLite format 3\0')],
  ['noise', Buffer.from(pseudoRandom(1, 100_000))],
])('%s is no database, and stays as it is', async (_what, bytes) => {
  const path = join(await temporaryFolder(), 'backups.db')
  await writeFile(path, bytes)
  expect(await refusals(path)).toEqual({
    opening: expect.objectContaining(failure('ERR_VARVE_NO_REPOSITORY', /is no database/)),
    making: expect.objectContaining(failure('ERR_VARVE_BAD_ARGUMENT', /is no database of Varve/)),
    untouched: true,
  })
})

test.each(['DELETE', 'WAL'])("another program's database with journal_mode %s stays as it is", async (mode) => {
  const source = await temporaryFolder()
  const other = new DatabaseSync(join(source, 'backups.db'))
  onTestFinished(() => other.close())
  other.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE objects (type, name, number, size)`)
  // A copy of it with its log, as if that program had been killed.
  const folder = join(await temporaryFolder(), 'copy')
  await cp(source, folder, { recursive: true })
  const path = join(folder, 'backups.db')
  expect(await refusals(path)).toEqual({
    opening: expect.objectContaining(failure('ERR_VARVE_NO_REPOSITORY', /is a database of another program/)),
    making: expect.objectContaining(failure('ERR_VARVE_BAD_ARGUMENT', /is no database of Varve/)),
    untouched: true,
  })
})

test("another program's unfinished transaction is left for that program", async () => {
  const source = await temporaryFolder()
  const other = new DatabaseSync(join(source, 'backups.db'))
  onTestFinished(() => other.close())
  other.exec(
    'CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000)); PRAGMA cache_size = 1; BEGIN; UPDATE t SET x = randomblob(100000)',
  )
  const folder = join(await temporaryFolder(), 'copy')
  await cp(source, folder, { recursive: true })
  expect(await readdir(folder)).toContain('backups.db-journal')
  const path = join(folder, 'backups.db')
  expect(await refusals(path)).toEqual({
    opening: expect.objectContaining(failure('ERR_VARVE_NO_REPOSITORY', /is a database of another program/)),
    making: expect.objectContaining(failure('ERR_VARVE_BAD_ARGUMENT', /is no database of Varve/)),
    untouched: true,
  })
})

test('a folder is no database', async () => {
  const path = join(await temporaryFolder(), 'backups.db')
  await mkdir(path)
  expect(failureOf(() => SqliteDatabase.open(path))).toMatchObject({ code: 'ERR_VARVE_NO_REPOSITORY' })
  expect(failureOf(() => SqliteDatabase.create(path))).toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
})

test('a later version of the tables is left alone', async () => {
  const path = await makeDatabase()
  change(path, 'PRAGMA user_version = 2')
  const tooNew = expect.objectContaining(failure('ERR_VARVE_REPOSITORY_VERSION', /version 2, .* only up to 1$/))
  expect(await refusals(path)).toEqual({ opening: tooNew, making: tooNew, untouched: true })
})

test.each([
  ['no version', 'PRAGMA user_version = 0'],
  ['no objects', 'DROP TABLE objects'],
  ['no pieces', 'DROP TABLE pieces'],
  ['other columns', 'ALTER TABLE pieces RENAME COLUMN bytes TO words'],
])('a database of ours with %s is damaged', async (_what, statements) => {
  const path = await makeDatabase()
  change(path, statements)
  expect(failureOf(() => SqliteDatabase.open(path))).toMatchObject({
    code: 'ERR_VARVE_DAMAGED',
    message: expect.stringContaining(path),
  })
})

test.each([
  ['a size that no file has', 'UPDATE objects SET size = 1000000000000000'],
  ['a size that no number has', 'UPDATE objects SET size = 9223372036854775807'],
  ['a size below nothing', 'UPDATE objects SET size = -1'],
  ['a size that is too small', "UPDATE objects SET size = size - 1 WHERE type = 'pack'"],
  ['a size that is too large', "UPDATE objects SET size = size + 1 WHERE type = 'pack'"],
  ['a number beyond all pieces', 'UPDATE objects SET number = 9007199254740991'],
  ['a number that no number has', 'UPDATE objects SET number = -9223372036854775808'],
  ['no pieces', 'DELETE FROM pieces'],
  ['no last piece', 'DELETE FROM pieces WHERE key & 1048575 = 1'],
  ['no first piece', 'DELETE FROM pieces WHERE key & 1048575 = 0'],
  ['a short piece', 'UPDATE pieces SET bytes = substr(bytes, 2) WHERE key & 1048575 = 1'],
])('an object with %s is damaged', async (_what, statements) => {
  const path = await makeDatabase()
  change(path, statements)
  const database = SqliteDatabase.open(path)
  onTestFinished(() => database.close())
  expect(() => database.load('pack', nameOf(4), undefined)).toThrow(
    expect.objectContaining({ code: 'ERR_VARVE_DAMAGED', message: expect.stringContaining(nameOf(4).slice(0, 8)) }),
  )
})

test('a name that no object can have is damage', async () => {
  const path = await makeDatabase()
  change(path, "UPDATE objects SET name = '../../etc/passwd' WHERE type = 'lock'")
  const database = SqliteDatabase.open(path)
  onTestFinished(() => database.close())
  expect(() => database.list('lock')).toThrow(expect.objectContaining({ code: 'ERR_VARVE_DAMAGED' }))
  expect(database.list('pack').length).toBe(4)
})

test('a database that was cut off is damaged', async () => {
  const path = await makeDatabase()
  const bytes = await readFile(path)
  await writeFile(path, bytes.subarray(0, bytes.length / 2))
  expect(failureOf(() => SqliteDatabase.open(path))).toMatchObject({
    code: 'ERR_VARVE_DAMAGED',
    message: expect.stringContaining(path),
    hint: expect.stringContaining('copy'),
  })
})

test('whatever bytes are wrong, calls work or say what is the matter', async () => {
  const path = await makeDatabase()
  const intact = readFileSync(path)
  const damage = fc.record({
    // Most of the file is content, whose damage nothing here can see: aim at where pages begin.
    page: fc.nat({ max: intact.length / 65536 - 1 }),
    offset: fc.oneof(fc.nat({ max: 120 }), fc.nat({ max: 65535 })),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
  })
  const outcomes = new Set<string>()
  const property = fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
    const bytes = Buffer.from(intact)
    for (const { page, offset, bytes: wrong } of damages)
      bytes.set(wrong.subarray(0, 65536 - offset), page * 65536 + offset)
    writeFileSync(path, bytes)
    outcomes.add(outcome(() => tryEverything(path)))
  })
  const headsOfPages = Array.from({ length: intact.length / 65536 - 1 }, (_, page) => {
    return [[{ page: page + 1, offset: 0, bytes: new Uint8Array(64).fill(0xff) }]] as const
  })
  fc.assert(property, { numRuns: 50 + headsOfPages.length, examples: headsOfPages.map(([damages]) => [[...damages]]) })
  expect(outcomes).toContain('works')
  expect(outcomes).toContain('ERR_VARVE_DAMAGED')
})

function tryEverything(path: string): string {
  const database = SqliteDatabase.open(path)
  try {
    const outcomes = [
      ...LISTED_FILE_TYPES.map((type) => outcome(() => database.list(type))),
      ...NAMES.map((name) => outcome(() => database.load('pack', name, undefined))),
      outcome(() => database.load('pack', nameOf(4), { offset: 300_000, length: 100 })),
      outcome(() => database.save('index', nameOf(5), Buffer.alloc(300_000))),
      outcome(() => database.remove('pack', nameOf(3))),
      outcome(() => database.reclaimStep()),
    ]
    return outcomes.find((each) => each !== 'works') ?? 'works'
  } finally {
    database.close()
  }
}

function outcome(work: () => unknown): string {
  try {
    const result = work()
    return typeof result === 'string' ? result : 'works'
  } catch (error) {
    if (error instanceof VarveError) return error.code
    throw error
  }
}
