import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchForInterruption } from '../src/interruption.ts'
import { recordOutput } from './terminal/recorded-output.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s aborts, and once more ends the process', (name) => {
  const { output, err } = recordOutput(80)
  const exit = vi.fn<(code: number) => void>()
  const { signal, dispose } = watchForInterruption(output, exit)
  process.emit(name)
  expect(signal.aborted).toBe(true)
  expect(err()).toContain('press Ctrl-C again')
  vi.advanceTimersByTime(2000)
  process.emit(name)
  expect(exit).toHaveBeenCalledExactlyOnceWith(130)
  dispose()
})

test('signals that arrive together are one', () => {
  const exit = vi.fn<(code: number) => void>()
  const { signal, dispose } = watchForInterruption(recordOutput().output, exit)
  process.emit('SIGINT')
  vi.advanceTimersByTime(100)
  process.emit('SIGINT')
  process.emit('SIGTERM')
  expect(signal.aborted).toBe(true)
  expect(exit).not.toHaveBeenCalled()
  dispose()
})

test('without a terminal nothing is printed, and afterwards nobody listens any more', () => {
  const before = process.listenerCount('SIGINT')
  const { output, out, err } = recordOutput()
  const { dispose } = watchForInterruption(output, () => undefined)
  process.emit('SIGINT')
  dispose()
  expect(out() + err()).toBe('')
  expect(process.listenerCount('SIGINT')).toBe(before)
})
