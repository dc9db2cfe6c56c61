import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Contestant } from './contestants/contestant.ts'
import { run, type Measurement } from './measured-run.ts'
import { medianRun } from './median.ts'
import type { Growth, SeriesPlace } from './series/growth.ts'
import type { SeriesStep } from './series/series-table.ts'
import { touchMemory } from './touched-memory.ts'
import { emptyFolder, retire } from './workplace.ts'

/**
 * Doubles what grows until there is the most of it, and lets all contestants do each job at each step.
 *
 * @param work - an empty folder for all that the series needs
 * @param onStep - called with what each took
 */
export async function measureSeries(
  growth: Growth,
  contestants: readonly Contestant[],
  work: string,
  runs: number,
  onStep: (step: SeriesStep) => void,
): Promise<void> {
  const place = { source: join(work, 'source'), target: join(work, 'target'), retired: join(work, 'retired') }
  mkdirSync(place.source)
  const { unit, one, scale } = growth
  for (let count = growth.start, before = 0; count <= growth.most; before = count, count *= 2) {
    growth.grow(place.source, before, count)
    const taken = new Map(contestants.map((each): [Contestant, Measurement[][]] => [each, []]))
    for (let turn = 0; turn < runs; turn++) {
      for (const [contestant, list] of taken) {
        await growth.prepare(contestant, place.source, before, count)
        list.push(measureJobs(growth, count, contestant, place))
      }
    }
    for (const [{ name: contestant }, list] of taken) {
      const jobs = growth.jobs.map(({ name }, job) => ({
        name,
        median: medianRun(list.flatMap((run) => run[job] ?? [])),
      }))
      onStep({ unit, one, scale, contestant, count, jobs })
    }
  }
}

function measureJobs(
  { jobs, size, hasManyFiles }: Growth,
  count: number,
  contestant: Contestant,
  place: SeriesPlace,
): Measurement[] {
  return jobs.map(({ name, command }) => {
    if (hasManyFiles) retire(place.target, place.retired)
    emptyFolder(place.target)
    const chosen = command(contestant, place)
    if (chosen === undefined) throw new Error(`${contestant.name} has no command for '${name}'`)
    touchMemory(count * size)
    return run(chosen)
  })
}
