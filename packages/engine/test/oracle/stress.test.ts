import { expect, test } from 'vitest'
import { stress } from '../stress/stress-run.ts'
import { noRestic } from './restic.ts'

const FIXED_SEED = 11
const RANDOM_SEED = Math.floor(Math.random() * 1_000_000)

// The long run: node --conditions=varve-source packages/engine/test/stress/stress.ts --minutes 60 --processes 3
test.each([
  { storage: 'directory', processes: 1, seed: FIXED_SEED, steps: 14 },
  { storage: 'directory', processes: 2, seed: RANDOM_SEED, steps: 9 },
  { storage: 'sqlite', processes: 2, seed: RANDOM_SEED + 1, steps: 6 },
] as const)(
  'nothing is lost: $storage, $processes at a time, seed $seed, $steps commands each',
  async ({ steps, ...options }) => {
    const lines: string[] = []
    const { findings, verified } = await stress({
      ...options,
      restic: !noRestic,
      goesOn: (done) => done < steps,
      log: (line) => lines.push(line),
    })
    expect([...findings, ...(findings.length === 0 ? [] : lines)]).toEqual([])
    expect(verified).toBeGreaterThan(0)
  },
)
