import type { Contestant } from '../contestants/contestant.ts'
import { readIntoMemory } from '../page-cache.ts'
import type { Race } from '../race.ts'
import type { Row } from './row.ts'

const saved = (race: Race, contestant: Contestant): void => race.hasSaved(contestant)

/** Snapshots of a folder. */
export const SAVING_ROWS: readonly Row[] = [
  {
    name: 'first',
    title: 'first snapshot',
    uses: 'snapshot',
    needs: 0,
    before: async (race, contestant) => {
      await race.restart(contestant)
      readIntoMemory(race.source)
    },
    command: (race, { commands }) => commands.snapshot?.(race.source),
    after: saved,
    stores: true,
  },
  {
    name: 'unchanged',
    title: 'unchanged',
    uses: 'snapshotAgain',
    needs: 1,
    command: (race, { commands }) => commands.snapshotAgain?.(race.source),
    after: saved,
    stores: true,
  },
  {
    name: 'changed',
    title: '1 % changed',
    uses: 'snapshotAgain',
    needs: 1,
    beforeStep: (race) => race.change(),
    command: (race, { commands }) => commands.snapshotAgain?.(race.source),
    after: saved,
    stores: true,
  },
  {
    name: 'reread',
    title: 'read everything again',
    uses: 'reread',
    needs: 1,
    before: (race) => readIntoMemory(race.source),
    command: (race, { commands }) => commands.reread?.(race.source),
    after: saved,
    stores: true,
  },
  {
    name: 'states',
    title: 'a snapshot of each state',
    uses: 'snapshotAgain',
    needs: 0,
    steps: (race) => race.corpus.history?.count ?? 1,
    beforeStep: (race, step) => race.enter(step),
    before: async (race, contestant, step) => {
      if (step === 0) await race.restart(contestant)
    },
    command: (race, { commands }) => commands.snapshotAgain?.(race.source),
    after: saved,
    stores: true,
  },
]
