import { describe, expect, it } from 'vitest'
import { currentPlatform } from '@varve/platform'
import type { Platform } from '@varve/platform'
import { processSpace } from '@varve/platform'
import {
  decodeLock,
  describeLock,
  encodeLock,
  isAbandoned,
  isStale,
  lockOf,
  type Lock,
} from '../../src/repository/lock-file.ts'
import { randomId } from './test-packs.ts'

const MINUTE = 60_000
const now = Date.UTC(2026, 0, 1)
const id = randomId()

/** A machine named 'here', on which only process 1 runs. */
const platform: Platform = { ...currentPlatform(), hostName: () => 'here', processExists: (pid) => pid === 1 }
const lock: Lock = {
  time: now,
  exclusive: false,
  hostname: 'here',
  username: 'anna',
  pid: 1,
  uid: 1000,
  gid: 100,
  space: processSpace(),
}

describe('lock files', () => {
  it('are written as restic does, with one field more', () => {
    const time =
      /^{"time":"20\d\d-[^"]+","exclusive":true,"hostname":"here","username":"anna","pid":1,"uid":1000,"gid":100,"process_space":"[^"]*"}$/
    expect(encodeLock({ ...lock, exclusive: true }).toString()).toMatch(time)
    const root = encodeLock({ ...lock, uid: 0, gid: 0, space: undefined }).toString()
    expect(Object.keys(JSON.parse(root) as object)).toEqual(['time', 'exclusive', 'hostname', 'username', 'pid'])
  })

  it('are read as they were written', () => {
    expect(decodeLock(encodeLock(lock), id)).toEqual({ ...lock, id })
    expect(decodeLock(encodeLock({ ...lock, space: undefined }), id)).toEqual({ ...lock, space: undefined, id })
  })

  it('are read as restic writes them', () => {
    const text = `{"time":"2026-01-01T01:00:00.123456789+01:00","exclusive":false,"hostname":"h","username":"root","pid":42}`
    const expected = { id, time: now + 123, exclusive: false, hostname: 'h', username: 'root', pid: 42, uid: 0, gid: 0 }
    expect(decodeLock(Buffer.from(text), id)).toEqual({ ...expected, space: undefined })
  })

  it.each(['', '[]', 'null', '{}', '{"time":"yesterday"}', '{"time":"2026-01-01T00:00:00Z","pid":"1"}', '{"time":5}'])(
    'are refused: %s',
    (text) => {
      const error = expect.objectContaining({
        code: 'ERR_VARVE_DAMAGED',
        message: expect.stringContaining(`lock ${id} is damaged`),
      })
      expect(() => decodeLock(Buffer.from(text), id)).toThrow(error)
    },
  )

  it('are made for this process', () => {
    expect(lockOf(platform, true, now)).toMatchObject({
      exclusive: true,
      hostname: 'here',
      pid: process.pid,
      time: now,
    })
  })

  it('say who holds them', () => {
    expect(describeLock({ ...lock, exclusive: true })).toBe(
      'exclusively by process 1 of anna on here (since 2026-01-01T00:00:00.000Z)',
    )
  })
})

describe('isStale', () => {
  it.each([
    { what: 'a live process', changes: {}, stale: false },
    { what: 'a process that is gone', changes: { pid: 2 }, stale: true },
    { what: 'a process of another machine', changes: { pid: 2, hostname: 'there' }, stale: false },
    { what: 'a live process after 30 minutes', changes: { time: now - 30 * MINUTE }, stale: false },
    { what: 'a live process after more', changes: { time: now - 30 * MINUTE - 1 }, stale: true },
    { what: 'another machine after more', changes: { hostname: 'there', time: now - 30 * MINUTE - 1 }, stale: true },
  ])('is what restic calls so: $what', ({ changes, stale }) => {
    expect(isStale({ ...lock, ...changes }, platform, now)).toBe(stale)
  })
})

describe('isAbandoned', () => {
  it.each([
    { what: 'a live process', changes: {}, abandoned: false },
    { what: 'a process that is gone', changes: { pid: 2 }, abandoned: true },
    { what: 'a process of restic that is gone, just now', changes: { pid: 2, space: undefined }, abandoned: false },
    { what: 'a process that cannot be seen, just now', changes: { pid: 2, space: 'elsewhere' }, abandoned: false },
    {
      what: 'a process that cannot be seen and has refreshed nothing for long',
      changes: { pid: 2, space: 'elsewhere', time: now - 10 * MINUTE - 1 },
      abandoned: true,
    },
    { what: 'a number in use again after half an hour', changes: { time: now - 30 * MINUTE - 1 }, abandoned: true },
    { what: 'another machine, whatever the time', changes: { hostname: 'there', time: 0, pid: 2 }, abandoned: false },
  ])('asks for more: $what', ({ changes, abandoned }) => {
    expect(isAbandoned({ ...lock, ...changes }, platform, now)).toBe(abandoned)
  })
})
