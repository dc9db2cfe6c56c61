import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Contestant } from './contestants/contestant.ts'
import { growTinyFiles } from './corpora/tiny-files.ts'
import { run, type Command, type Measurement } from './measured-run.ts'
import { medianRun } from './median.ts'
import { megabytes, table } from './report/markdown.ts'
import { emptyFolder } from './workplace.ts'

/** Files of the first step. */
const START = 1000
const JOBS = ['first', 'unchanged', 'restore'] as const
const HEADER = ['files', ...JOBS.flatMap((job) => [`${job} s`, 'µs a file', 'µs a further file', 'memory MB'])]

/** What one contestant took with so many files. */
export interface SeriesStep {
  readonly contestant: string
  readonly files: number
  readonly first: Measurement
  readonly unchanged: Measurement
  readonly restore: Measurement
}

/**
 * Doubles the number of tiny files until `most`, and lets all contestants save, save again and restore each.
 * @param onStep - called with what each took
 */
export function measureSeries(
  contestants: readonly Contestant[],
  work: string,
  most: number,
  runs: number,
  onStep: (step: SeriesStep) => void,
): void {
  const source = join(work, 'source')
  const target = join(work, 'target')
  mkdirSync(source)
  for (let files = START, before = 0; files <= most; before = files, files *= 2) {
    growTinyFiles(source, before, files)
    const steps = new Map(contestants.map((each): [Contestant, SeriesStep[]] => [each, []]))
    for (let turn = 0; turn < runs; turn++) {
      for (const [contestant, list] of steps) list.push(measureStep(contestant, source, target, files))
    }
    for (const [contestant, list] of steps) onStep(medianStep(contestant, files, list))
  }
}

/** A table a contestant. What a further file costs tells whether cost is linear: it is free of what a call costs anyway. */
export function seriesToMarkdown(steps: readonly SeriesStep[]): string {
  const names = [...new Set(steps.map(({ contestant }) => contestant))]
  const tables = names.map((name) => {
    const own = steps.filter(({ contestant }) => contestant === name)
    const lines = own.map((step, number) => {
      const previous = own[number - 1]
      return [step.files.toLocaleString('en'), ...JOBS.flatMap((job) => cells(step, previous, job))]
    })
    return `### ${name}: cost by number of files\n\n${table(HEADER, lines)}`
  })
  return `${tables.join('\n\n')}\n`
}

function cells(step: SeriesStep, previous: SeriesStep | undefined, job: (typeof JOBS)[number]): readonly string[] {
  const { wall, memory } = step[job]
  const further = previous === undefined ? undefined : (wall - previous[job].wall) / (step.files - previous.files)
  return [wall.toFixed(2), microseconds(wall / step.files), microseconds(further), megabytes(memory)]
}

function microseconds(seconds: number | undefined): string {
  return seconds === undefined ? '' : (seconds * 1e6).toFixed(1)
}

function measureStep(contestant: Contestant, source: string, target: string, files: number): SeriesStep {
  const { name, folder, commands } = contestant
  emptyFolder(folder)
  if (commands.init !== undefined) run(commands.init)
  const measured = (command: Command | undefined): Measurement => {
    if (command === undefined) throw new Error(`${name} cannot take part in the series`)
    return run(command)
  }
  const first = measured(commands.snapshot?.(source))
  const unchanged = measured(commands.snapshotAgain?.(source))
  emptyFolder(target)
  const restore = measured(commands.restore?.(target, source))
  rmSync(target, { recursive: true })
  rmSync(folder, { recursive: true })
  return { contestant: name, files, first, unchanged, restore }
}

function medianStep(contestant: Contestant, files: number, list: readonly SeriesStep[]): SeriesStep {
  return {
    contestant: contestant.name,
    files,
    first: medianRun(list.map(({ first }) => first)),
    unchanged: medianRun(list.map(({ unchanged }) => unchanged)),
    restore: medianRun(list.map(({ restore }) => restore)),
  }
}
