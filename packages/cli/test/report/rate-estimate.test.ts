import { expect, test } from 'vitest'
import { RateEstimate } from '../../src/report/rate-estimate.ts'

test('says nothing before it knows', () => {
  const rate = new RateEstimate()
  expect(rate.bytesPerSecond).toBeUndefined()
  rate.add(0, 0)
  rate.add(100, 5000)
  expect(rate.bytesPerSecond).toBeUndefined()
})

test('follows a change of pace within ten seconds', () => {
  const rate = new RateEstimate()
  for (let t = 0; t <= 60_000; t += 100) rate.add(t, t * 10)
  expect(rate.bytesPerSecond).toBeCloseTo(10_000)
  for (let t = 60_100; t <= 75_000; t += 100) rate.add(t, 600_000 + (t - 60_000))
  expect(rate.bytesPerSecond).toBeCloseTo(1000)
})

test('a job that stands still has a rate of zero in the end', () => {
  const rate = new RateEstimate()
  for (let t = 0; t <= 20_000; t += 100) rate.add(t, Math.min(t, 5000))
  expect(rate.bytesPerSecond).toBe(0)
})
