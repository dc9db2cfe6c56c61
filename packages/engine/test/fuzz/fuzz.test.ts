import { describe, expect, test } from 'vitest'
import { readCorpus } from './corpus.ts'
import type { FuzzTarget } from './fuzz-target.ts'
import { fuzz, type FuzzReport } from './fuzzing.ts'
import { minimize } from './minimize.ts'
import { FUZZ_TARGETS } from './targets/all-targets.ts'

/** How long each parser gets after its corpus, in milliseconds; fewer inputs where that is not enough on a busy machine. */
const LONGEST_MS = 700
const MOST_INPUTS = 3000

describe.each(FUZZ_TARGETS.map((target) => ({ target, name: target.name })))('$name', ({ target }) => {
  test('keeps its promises for what once reached something new, and for changes of it', async () => {
    const corpus = readCorpus(target.name)
    expect(corpus.length).toBeGreaterThan(3)
    const end = performance.now() + LONGEST_MS
    const isEnough = (inputs: number): boolean => inputs >= MOST_INPUTS || performance.now() > end
    const { findings, executions } = await fuzz(target, { seed: 20, corpus, isEnough, measuresCode: false })
    expect(findings.map(({ input, error }) => [Buffer.from(input).toString('base64'), String(error)])).toEqual([])
    expect(executions).toBeGreaterThan(corpus.length)
  })
})

/** Breaks its promise for inputs with four letters in a certain order, each of which is code of its own. */
const BROKEN: FuzzTarget = {
  name: 'broken',
  seeds: [Buffer.from('xxxx')],
  words: [],
  isJson: false,
  limitMs: 1000,
  run(input) {
    const depth = Buffer.from('varv').findIndex((letter, i) => input[i] !== letter)
    if (depth < 0) throw new Error('broken')
    return `right up to ${depth}`
  },
}

async function fuzzBroken(seed: number): Promise<FuzzReport> {
  return fuzz(BROKEN, { seed, corpus: [], isEnough: (inputs) => inputs >= 60_000, measuresCode: false })
}

test('a promise that is broken deep inside is found, the same way for the same seed', async () => {
  const report = await fuzzBroken(3)
  expect(report.findings.length).toBeGreaterThan(0)
  expect(report.outcomes).toBe(4)
  const again = await fuzzBroken(3)
  expect(again.findings).toEqual(report.findings)
})

test('an input is made smaller as long as it does the same', async () => {
  const input = Buffer.from(`${'x'.repeat(300)}ab${'y'.repeat(300)}`)
  const smallest = await minimize(input, async (bytes) => Buffer.from(bytes).includes('ab'))
  expect(Buffer.from(smallest).toString()).toBe('ab')
})
