import { expect, test } from 'vitest'
import { recordOutput } from './recorded-output.ts'

const CLEAR = '\r\u001B[K'

test('lines go to their streams, made harmless', () => {
  const { output, out, err } = recordOutput()
  output.line('a\u001B[31m')
  output.errorLine('b\nc')
  output.json({ name: '\u009B' })
  output.errorJson({ no: undefined })
  expect(out()).toBe('a\\x1b[31m\n{"name":"\\u009b"}\n')
  expect(err()).toBe('b\\nc\n{}\n')
})

test('without a terminal there is no status line', () => {
  const { output, out, err } = recordOutput()
  output.status('working')
  output.line('done')
  expect(out() + err()).toBe('done\n')
  expect(output.hasStatusLine).toBe(false)
})

test('a line is written in the place of the status line, which comes back below it', () => {
  const { output, out, err } = recordOutput(40)
  output.status('working')
  output.line('item')
  output.status('')
  expect(out()).toBe('item\n')
  expect(err()).toBe(`${CLEAR}working${CLEAR}${CLEAR}working${CLEAR}`)
})

test('the same status is not drawn again, and a long one does not wrap', () => {
  const { output, err } = recordOutput(20)
  output.status('x'.repeat(50))
  output.status('x'.repeat(50))
  expect(err()).toBe(CLEAR + 'x'.repeat(17))
  output.status('日'.repeat(50))
  expect(err().endsWith(CLEAR + '日'.repeat(8))).toBe(true)
})

test('a reader that goes away is no failure, a full disk is', async () => {
  const { output, fail } = recordOutput()
  fail('out', Object.assign(new Error('broken pipe'), { code: 'EPIPE' }))
  expect(output.failure).toBeUndefined()
  fail('out', Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
  expect(output.failure?.message).toBe('no space left')
  await output.flush()
})
