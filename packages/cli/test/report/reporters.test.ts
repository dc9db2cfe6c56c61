import type { Progress } from '@varve/engine'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { JsonReporter } from '../../src/report/json-reporter.ts'
import { TextReporter } from '../../src/report/text-reporter.ts'
import { recordOutput } from '../terminal/recorded-output.ts'

const PROGRESS: Progress = {
  phase: 'saving',
  filesDone: 1,
  filesTotal: 2,
  bytesDone: 50,
  bytesTotal: 100,
  current: [],
  errors: 0,
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

const now = (): number => Date.now()

const statusMessage = (progress: Progress): object => ({ bytes_done: progress.bytesDone })

const parse = (text: string): readonly unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))

/** What items, notices and problems make of a verbosity. */
function told(verbosity: number): string {
  const { output, out, err } = recordOutput()
  const reporter = new TextReporter({ output, verbosity, interval: undefined, now, counts: 'file' })
  reporter.item({ action: 'new', path: '/a', size: 2048, level: 1 })
  reporter.item({ action: 'unchanged', path: '/b', level: 2 })
  reporter.item({ action: 'deleted', path: '/c', level: 0 })
  reporter.notice('by the way')
  reporter.problem({ path: '/d', message: 'permission denied' })
  reporter.warning('careful')
  return out() + err()
}

test('the status line moves on while nothing is reported, at most ten times a second, and goes away at the end', () => {
  const { output, err } = recordOutput(80)
  const reporter = new TextReporter({ output, verbosity: 1, interval: 100, now, counts: 'file' })
  for (let i = 0; i < 50; i++) reporter.progress({ ...PROGRESS, bytesDone: i })
  expect(err()).toBe('')
  vi.advanceTimersByTime(3000)
  const drawn = err().split('\r\u001B[K').slice(1)
  expect(drawn.length).toBeLessThanOrEqual(31)
  expect(drawn.at(-1)).toContain('[0:03]')
  reporter.end()
  expect(err().endsWith('\r\u001B[K')).toBe(true)
  const before = err()
  vi.advanceTimersByTime(1000)
  expect(err()).toBe(before)
})

test('in a pipe nothing is said of progress, unless lines are asked for', () => {
  const quiet = recordOutput()
  const reporter = new TextReporter({ output: quiet.output, verbosity: 1, interval: undefined, now, counts: 'file' })
  reporter.progress(PROGRESS)
  vi.advanceTimersByTime(5000)
  expect(quiet.out() + quiet.err()).toBe('')
  const asked = recordOutput()
  const lines = new TextReporter({ output: asked.output, verbosity: 1, interval: 1000, now, counts: 'file' })
  lines.progress(PROGRESS)
  vi.advanceTimersByTime(2000)
  lines.end()
  expect(asked.out().trimEnd().split('\n')).toHaveLength(2)
})

test('items are told from their level on, problems and warnings always', () => {
  const always = 'Error: /d: permission denied\nWarning: careful\n'
  expect(told(0)).toBe(always)
  expect(told(1)).toBe(`deleted    /c\nby the way\n${always}`)
  expect(told(2)).toBe(`new        /a  (2.00 KiB)\ndeleted    /c\nby the way\n${always}`)
  expect(told(3)).toBe(`new        /a  (2.00 KiB)\nunchanged  /b\ndeleted    /c\nby the way\n${always}`)
})

test("JSON messages have restic's types, and status messages keep their distance", () => {
  const { output, out, err } = recordOutput()
  const reporter = new JsonReporter({ output, verbosity: 3, interval: 100, now, statusMessage, during: 'archival' })
  reporter.progress(PROGRESS)
  reporter.progress({ ...PROGRESS, bytesDone: 60 })
  vi.advanceTimersByTime(100)
  reporter.progress({ ...PROGRESS, bytesDone: 70 })
  reporter.item({ action: 'new', path: '/a', size: 1, level: 1 })
  reporter.problem({ path: '/d', message: 'permission denied' })
  reporter.end()
  vi.advanceTimersByTime(1000)
  reporter.progress(PROGRESS)
  expect(parse(out())).toEqual([
    { message_type: 'status', bytes_done: 50 },
    { message_type: 'status', bytes_done: 70 },
    { message_type: 'verbose_status', action: 'new', item: '/a', size: 1 },
  ])
  expect(parse(err())).toEqual([
    { message_type: 'error', error: { message: 'permission denied' }, during: 'archival', item: '/d' },
  ])
})
