import type { Contestant } from './contestants/contestant.ts'
import { run, type Measurement } from './measured-run.ts'
import { median, medianRun, sumOfRuns } from './median.ts'
import type { Race } from './race.ts'
import type { Result } from './report/result.ts'
import type { Row } from './rows/row.ts'
import { touchMemory } from './touched-memory.ts'
import { sizeOf } from './workplace.ts'

/** Hears how a row goes. */
export interface RowListener {
  /** Before each run: whose it is, and the number of the turn, from 1. */
  readonly onRun: (contestant: Contestant, turn: number) => void
  /** Another program than Varve has failed, and is left out of the row. */
  readonly onFailure: (contestant: Contestant, error: unknown) => void
}

/** What one contestant took in a row. */
interface Taken {
  readonly runs: Measurement[]
  /** Bytes by which the repository grew in each run. */
  readonly stored: number[]
}

/**
 * Lets all contestants run a row several times, in turn, so that a machine whose speed drifts is equally fair to all.
 *
 * @param turns - how many times each of them runs it
 * @param listener - hears of it
 * @throws Error where Varve failed
 */
export async function measureRow(row: Row, race: Race, turns: number, listener: RowListener): Promise<Result[]> {
  const field = race.contestants.filter((each) => takesPart(each, row))
  if (field.length === 0) return []
  await race.catchUp(field, row.needs)
  await row.beforeRow?.(race, field)
  const records = new Map(field.map((each): [Contestant, Taken] => [each, { runs: [], stored: [] }]))
  for (let turn = 0; turn < turns; turn++) {
    const { taken, failed } = await runTurn(row, race, [...records.keys()], turn, listener)
    for (const contestant of failed) records.delete(contestant)
    for (const [contestant, { took, grew }] of taken) {
      records.get(contestant)?.runs.push(sumOfRuns(took))
      records.get(contestant)?.stored.push(grew)
    }
  }
  row.afterRow?.(race, field)
  return Promise.all(Array.from(records, ([contestant, taken]) => resultOf(row, race, contestant, taken)))
}

async function resultOf(row: Row, race: Race, contestant: Contestant, { runs, stored }: Taken): Promise<Result> {
  const figures = medianRun(runs)
  return {
    corpus: race.corpus.name,
    row: row.name,
    title: row.title,
    contestant: contestant.name,
    kind: contestant.kind,
    median: figures,
    stored: row.stores ? median(stored) : undefined,
    note: await row.note?.(contestant, figures),
    runs,
  }
}

function takesPart({ commands, location }: Contestant, { uses, needsLocation }: Row): boolean {
  return commands[uses] !== undefined && (needsLocation !== true || location !== undefined)
}

/** What a turn of all contestants came to. */
interface Turn {
  readonly taken: ReadonlyMap<Contestant, { readonly took: Measurement[]; grew: number }>
  /** Those that cannot do it. */
  readonly failed: ReadonlySet<Contestant>
}

/** One measurement of each contestant. */
async function runTurn(
  row: Row,
  race: Race,
  field: readonly Contestant[],
  turn: number,
  listener: RowListener,
): Promise<Turn> {
  const taken = new Map(field.map((each) => [each, { took: [] as Measurement[], grew: 0 }]))
  const failed = new Set<Contestant>()
  const steps = row.steps?.(race) ?? 1
  for (let step = 0; step < steps; step++) {
    row.beforeStep?.(race, step)
    for (const [contestant, figures] of taken) {
      if (failed.has(contestant)) continue
      listener.onRun(contestant, turn + 1)
      try {
        await row.before?.(race, contestant, step)
        const command = row.command(race, contestant)
        if (command === undefined) throw new Error(`${contestant.name} has no command for '${row.title}'`)
        const size = row.stores ? sizeOf(contestant.repository) : 0
        touchMemory(race.corpus.bytes)
        figures.took.push(run(command))
        if (row.stores) figures.grew += sizeOf(contestant.repository) - size
        row.after?.(race, contestant, turn === 0)
      } catch (error) {
        if (contestant.kind === 'varve') throw error
        failed.add(contestant)
        listener.onFailure(contestant, error)
      }
    }
  }
  return { taken, failed }
}
