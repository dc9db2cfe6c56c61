import type { Measurement } from './measured-run.ts'

/** The value in the middle, or the mean of the two that are there. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  if (upper === undefined || lower === undefined) throw new Error('nothing was measured')
  return (lower + upper) / 2
}

/** What several runs of the same work took: each figure's median, but the most memory that any took. */
export function medianRun(runs: readonly Measurement[]): Measurement {
  const of = (figure: keyof Measurement): number => median(runs.map((each) => each[figure]))
  return {
    wall: of('wall'),
    cpu: of('cpu'),
    memory: mostMemory(runs),
    read: of('read'),
    written: of('written'),
    diskRead: of('diskRead'),
    diskWritten: of('diskWritten'),
  }
}

/** What runs that are steps of one job took together. */
export function sumOfRuns(runs: readonly Measurement[]): Measurement {
  const of = (figure: keyof Measurement): number => runs.reduce((sum, each) => sum + each[figure], 0)
  return {
    wall: of('wall'),
    cpu: of('cpu'),
    memory: mostMemory(runs),
    read: of('read'),
    written: of('written'),
    diskRead: of('diskRead'),
    diskWritten: of('diskWritten'),
  }
}

function mostMemory(runs: readonly Measurement[]): number {
  return Math.max(...runs.map(({ memory }) => memory))
}
