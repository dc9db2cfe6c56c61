import type { Contestant } from './contestants/contestant.ts'
import { run, type Measurement } from './measured-run.ts'
import { median, medianRun, sumOfRuns } from './median.ts'
import type { Race } from './race.ts'
import type { Result } from './report/result.ts'
import type { Row } from './rows/row.ts'
import { touchMemory } from './touched-memory.ts'
import { sizeOf } from './workplace.ts'

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
 * @param onRun - called before each run with the contestant and the number of the turn, from 1
 * @throws Error naming the program that failed
 */
export async function measureRow(
  row: Row,
  race: Race,
  turns: number,
  onRun: (contestant: Contestant, turn: number) => void,
): Promise<Result[]> {
  const field = race.contestants.filter((each) => takesPart(each, row))
  if (field.length === 0) return []
  await race.catchUp(field, row.needs)
  await row.beforeRow?.(race, field)
  const records = new Map(field.map((each): [Contestant, Taken] => [each, { runs: [], stored: [] }]))
  for (let turn = 0; turn < turns; turn++) {
    for (const [contestant, { took, grew }] of await runTurn(row, race, field, turn, onRun)) {
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

/** One measurement of each contestant. */
async function runTurn(
  row: Row,
  race: Race,
  field: readonly Contestant[],
  turn: number,
  onRun: (contestant: Contestant, turn: number) => void,
): Promise<Map<Contestant, { took: Measurement[]; grew: number }>> {
  const turns = new Map(field.map((each) => [each, { took: [] as Measurement[], grew: 0 }]))
  const steps = row.steps?.(race) ?? 1
  for (let step = 0; step < steps; step++) {
    row.beforeStep?.(race, step)
    for (const [contestant, figures] of turns) {
      onRun(contestant, turn + 1)
      await row.before?.(race, contestant, step)
      const command = row.command(race, contestant)
      if (command === undefined) throw new Error(`${contestant.name} has no command for '${row.title}'`)
      const size = row.stores ? sizeOf(contestant.repository) : 0
      touchMemory(race.corpus.bytes)
      figures.took.push(run(command))
      if (row.stores) figures.grew += sizeOf(contestant.repository) - size
      row.after?.(race, contestant, turn === 0)
    }
  }
  return turns
}
