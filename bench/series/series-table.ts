import type { Measurement } from '../measured-run.ts'
import { megabytes, table } from '../report/markdown.ts'

/** What one contestant took at one step of a series. */
export interface SeriesStep {
  /** What doubles, a plural. */
  readonly unit: string
  readonly one: string
  readonly scale: 'µs' | 'ms'
  readonly contestant: string
  readonly count: number
  readonly jobs: readonly { readonly name: string; readonly median: Measurement }[]
}

/** A table for each contestant and each thing that doubles. What one more costs tells whether cost is linear: it is free of what a call costs anyway. */
export function seriesToMarkdown(steps: readonly SeriesStep[]): string {
  const tables = new Map<string, SeriesStep[]>()
  for (const step of steps) {
    const heading = `### ${step.contestant}: cost by number of ${step.unit}`
    const own = tables.get(heading)
    if (own === undefined) tables.set(heading, [step])
    else own.push(step)
  }
  return `${Array.from(tables, ([heading, own]) => `${heading}\n\n${tableOf(own)}`).join('\n\n')}\n`
}

function tableOf(steps: readonly SeriesStep[]): string {
  const [first] = steps
  if (first === undefined) return ''
  const { unit, one, scale, jobs } = first
  const header = jobs.flatMap(({ name }) => [
    `${name} s`,
    `${scale} a ${one}`,
    `${scale} a further ${one}`,
    'memory MB',
  ])
  const lines = steps.map((step, number) => [
    step.count.toLocaleString('en'),
    ...step.jobs.flatMap((_, job) => cells(step, steps[number - 1], job)),
  ])
  return table([unit, ...header], lines)
}

function cells(step: SeriesStep, previous: SeriesStep | undefined, job: number): readonly string[] {
  const median = step.jobs[job]?.median
  if (median === undefined) return ['', '', '', '']
  const before = previous?.jobs[job]?.median
  const further =
    previous === undefined || before === undefined
      ? ''
      : inScale((median.wall - before.wall) / (step.count - previous.count), step)
  return [median.wall.toFixed(2), inScale(median.wall / step.count, step), further, megabytes(median.memory)]
}

function inScale(seconds: number, { scale }: SeriesStep): string {
  return (seconds * (scale === 'µs' ? 1e6 : 1e3)).toFixed(1)
}
