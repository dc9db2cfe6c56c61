import type { Progress } from '@varve/engine'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { statusLine } from '../../src/report/status-line.ts'
import { textWidth } from '../../src/terminal/text-width.ts'

const PROGRESS: Progress = {
  phase: 'saving',
  filesDone: 1234,
  filesTotal: 5000,
  bytesDone: 3 * 2 ** 30,
  bytesTotal: 4 * 2 ** 30,
  current: ['/home/ann/work/scene.blend'],
  errors: 0,
}
const TIMING = { elapsed: 72_000, bytesPerSecond: 200 * 2 ** 20, remaining: 5000, fraction: 0.75 }

test('says all that is known', () => {
  expect(statusLine(PROGRESS, TIMING, 200, 'file')).toBe(
    '[1:12]  75% saving, 1,234/5,000 files, 3.00 GiB/4.00 GiB, 200 MiB/s, 0:05 left  /home/ann/work/scene.blend',
  )
})

test('leaves out what is not known', () => {
  const progress = {
    ...PROGRESS,
    filesDone: 0,
    filesTotal: undefined,
    bytesDone: 0,
    bytesTotal: undefined,
    current: [],
  }
  const timing = { elapsed: 900, bytesPerSecond: undefined, remaining: undefined, fraction: undefined }
  expect(statusLine(progress, timing, 80, 'file')).toBe('[0:00] saving')
  expect(statusLine({ ...progress, errors: 2 }, timing, 80, 'file')).toBe('[0:00] saving, 2 errors')
})

test('cuts the path at its start, and drops it where nothing of use would be left', () => {
  const line = statusLine(PROGRESS, TIMING, 97, 'file')
  expect(line.endsWith('  …nn/work/scene.blend') || line.endsWith('/scene.blend')).toBe(true)
  expect(textWidth(line)).toBeLessThanOrEqual(97)
  expect(statusLine(PROGRESS, TIMING, 84, 'file')).toBe(
    '[1:12]  75% saving, 1,234/5,000 files, 3.00 GiB/4.00 GiB, 200 MiB/s, 0:05 left',
  )
})

test('a hostile name neither breaks the line nor its width', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.integer({ min: 90, max: 200 }), (name, columns) => {
      const line = statusLine({ ...PROGRESS, current: [name] }, TIMING, columns, 'file')
      expect(textWidth(line)).toBeLessThanOrEqual(columns)
      // oxlint-disable-next-line no-control-regex -- that is what must not be there
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
    }),
  )
})

test('a job whose phases count different things says no word for them', () => {
  const reading = { ...PROGRESS, phase: 'reading packs', filesDone: 3, filesTotal: 12, current: [] }
  const timing = { ...TIMING, bytesPerSecond: undefined, remaining: undefined }
  expect(statusLine(reading, timing, 80, undefined)).toBe('[1:12]  75% reading packs, 3/12, 3.00 GiB/4.00 GiB')
})
