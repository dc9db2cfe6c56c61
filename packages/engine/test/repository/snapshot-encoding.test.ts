import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isVarveError } from '@varve/platform/errors'
import { idOf, shortId } from '../../src/repository/id.ts'
import type { Snapshot } from '../../src/repository/snapshot.ts'
import { decodeSnapshot, encodeSnapshot } from '../../src/repository/snapshot-encoding.ts'
import { parseTimestamp } from '../../src/repository/timestamp.ts'

const NAME = idOf(Buffer.from('snapshot'))
const A = idOf(Buffer.from('a'))
const B = idOf(Buffer.from('b'))
const UTC = parseTimestamp('2023-11-14T22:13:20Z')
const NEW_YORK = parseTimestamp('2023-11-14T17:13:20.12-05:00')

const FULL: Snapshot = {
  time: NEW_YORK,
  parent: A,
  tree: B,
  paths: ['/a<b>', '/\udcff'],
  hostname: 'host',
  username: 'user',
  uid: 1000,
  gid: 100,
  excludes: ['*.o'],
  tags: ['a', 'b'],
  original: A,
  programVersion: 'varve 1',
  summary: {
    backupStart: NEW_YORK,
    backupEnd: UTC,
    filesNew: 1,
    filesChanged: 2,
    filesUnmodified: 3,
    dirsNew: 4,
    dirsChanged: 5,
    dirsUnmodified: 6,
    dataBlobs: 7,
    treeBlobs: 8,
    dataAdded: 9,
    dataAddedPacked: 10,
    totalFilesProcessed: 11,
    totalBytesProcessed: 12,
  },
}
// From restic's own code (0.19), given the same snapshot.
const FULL_JSON =
  `{"time":"2023-11-14T17:13:20.12-05:00","parent":"${A}","tree":"${B}",` +
  String.raw`"paths":["/a\u003cb\u003e","/\ufffd"],"hostname":"host","username":"user","uid":1000,"gid":100,` +
  `"excludes":["*.o"],"tags":["a","b"],"original":"${A}","program_version":"varve 1","summary":{` +
  '"backup_start":"2023-11-14T17:13:20.12-05:00","backup_end":"2023-11-14T22:13:20Z","files_new":1,"files_changed":2,' +
  '"files_unmodified":3,"dirs_new":4,"dirs_changed":5,"dirs_unmodified":6,"data_blobs":7,"tree_blobs":8,"data_added":9,' +
  '"data_added_packed":10,"total_files_processed":11,"total_bytes_processed":12}}'

function decode(json: string): unknown {
  return decodeSnapshot(Buffer.from(json), NAME)
}

describe('a snapshot is written as restic writes it', () => {
  test('with all that it can have', () => {
    expect(encodeSnapshot(FULL).toString()).toBe(FULL_JSON)
  })

  test('with the least', () => {
    const json = `{"time":"2023-11-14T22:13:20Z","tree":"${A}","paths":[]}`
    expect(encodeSnapshot({ time: UTC, tree: A, paths: [] }).toString()).toBe(json)
    const empty = {
      uid: 0,
      gid: 0,
      hostname: '',
      username: '',
      excludes: [],
      tags: [],
      programVersion: '',
      description: '',
    }
    expect(encodeSnapshot({ time: UTC, tree: A, paths: [], ...empty }).toString()).toBe(json)
  })

  test('with a description where rustic keeps it', () => {
    const json = encodeSnapshot({ time: UTC, tree: A, paths: ['/a'], description: 'before <the> change' }).toString()
    expect(json).toBe(
      `{"time":"2023-11-14T22:13:20Z","tree":"${A}","paths":["/a"],"description":"before \\u003cthe\\u003e change"}`,
    )
  })
})

describe('reading', () => {
  test('what was written comes back', () => {
    const snapshot = { ...FULL, paths: ['/a<b>', '/\u00e9'], description: 'two\nlines' }
    expect(decodeSnapshot(encodeSnapshot(snapshot), NAME)).toEqual({ id: NAME, ...snapshot })
    const least = { time: UTC, tree: A, paths: [] }
    expect(decodeSnapshot(encodeSnapshot(least), NAME)).toStrictEqual({ id: NAME, ...least })
  })

  test('nothing that is missing or null is made up', () => {
    const nothing = { id: NAME, time: UTC, tree: A, paths: [] }
    expect(decode(`{"tree":"${A}","time":"${UTC}"}`)).toStrictEqual(nothing)
    const fields = [
      'parent',
      'paths',
      'hostname',
      'username',
      'uid',
      'gid',
      'excludes',
      'tags',
      'original',
      'program_version',
      'summary',
    ]
    const nulls = [...fields, 'description'].map((field) => `"${field}":null`)
    expect(decode(`{"tree":"${A}","time":"${UTC}",${nulls.join()}}`)).toStrictEqual(nothing)
  })

  test('unknown fields and white space do not matter', () => {
    expect(decode(`\n{ "later": [{}], "tree": "${A}", "time": "${UTC}", "paths": ["/a"] } `)).toMatchObject({
      paths: ['/a'],
    })
  })

  test('a snapshot of rustic', () => {
    const json =
      `{"time":"2024-05-01T10:00:00.123456789+02:00","program_version":"rustic 0.11","parents":["${A}"],"tree":"${B}","label":"x",` +
      '"paths":["a"],"hostname":"h","username":"","uid":0,"gid":0,"tags":[],"delete":"Never","summary":{"files_new":1,' +
      '"total_dirs_processed":5,"command":"rustic backup a","backup_duration":0.5,"backup_start":"2024-05-01T10:00:00+02:00",' +
      '"backup_end":"2024-05-01T10:00:00+02:00"},"description":"what it is"}'
    expect(decode(json)).toEqual({
      id: NAME,
      time: '2024-05-01T10:00:00.123456789+02:00',
      tree: B,
      paths: ['a'],
      hostname: 'h',
      programVersion: 'rustic 0.11',
      description: 'what it is',
      summary: expect.objectContaining({
        filesNew: 1,
        filesChanged: 0,
        backupEnd: '2024-05-01T10:00:00+02:00',
      }) as unknown,
    })
  })

  test('a lone surrogate is no byte in disguise', () => {
    expect(decode(`{"tree":"${A}","time":"${UTC}","paths":["/\\udcff"],"hostname":"\\ud800"}`)).toMatchObject({
      paths: ['/\ufffd'],
      hostname: '\ufffd',
    })
  })
})

/**
 * Decodes, and encodes again what could be decoded.
 * @returns what was thrown, unless it is the one error that may be
 */
function failureOf(bytes: Uint8Array): unknown {
  try {
    encodeSnapshot(decodeSnapshot(bytes, NAME))
    return undefined
  } catch (error) {
    return isVarveError(error, 'ERR_VARVE_DAMAGED') ? undefined : error
  }
}

describe('damage is found', () => {
  const damaged = expect.objectContaining({
    code: 'ERR_VARVE_DAMAGED',
    message: expect.stringContaining(shortId(NAME)) as unknown,
  }) as Error

  test.each([
    '',
    'null',
    '[]',
    '1',
    '"x"',
    '{',
    '{}',
    '{"time":1}',
    `{"tree":"${A}"}`,
    `{"time":"${UTC}"}`,
    '['.repeat(1_000_000),
  ])('%#', (json) => {
    expect(() => decode(json)).toThrow(damaged)
  })

  test.each([
    '"time":"yesterday"',
    '"time":null',
    '"tree":null',
    '"tree":"abc"',
    '"tree":1',
    `"parent":"${A}0"`,
    '"original":{}',
    '"paths":"/a"',
    '"paths":[1]',
    '"paths":[null]',
    '"hostname":1',
    '"uid":-1',
    '"uid":4294967296',
    '"gid":0.5',
    '"tags":{}',
    '"summary":1',

    '"summary":{"files_new":-1}',
    '"summary":{"files_new":"1"}',
    '"summary":{"data_added":1e300}',
    '"summary":{"backup_start":"x"}',
    '"description":1',
    '"excludes":["a",2]',
  ])('%s', (field) => {
    expect(() => decode(`{"time":"${UTC}","tree":"${A}","paths":["/a"],${field}}`)).toThrow(damaged)
  })

  test('the field is named', () => {
    expect(() => decode(`{"time":"${UTC}","tree":"${A}","paths":[1]}`)).toThrow(/paths\.0/)
    expect(() => decode(`{"time":"${UTC}"}`)).toThrow(/tree/)
  })

  test('no change of a few bytes does anything else', () => {
    const original = encodeSnapshot({ ...FULL, description: 'd' })
    fc.assert(
      fc.property(fc.nat(original.length - 1), fc.nat(3), fc.uint8Array({ maxLength: 3 }), (at, remove, insert) => {
        const bytes = Buffer.concat([original.subarray(0, at), insert, original.subarray(at + remove)])
        expect(failureOf(bytes)).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })
})
