import type { Commands, Contestant } from '../contestants/contestant.ts'
import type { Command, Measurement } from '../measured-run.ts'
import type { Race } from '../race.ts'

/** The rows by the names that `--rows` takes, in the order in which they run. */
export const ROW_NAMES = [
  'first',
  'unchanged',
  'changed',
  'reread',
  'states',
  'restore',
  'in-place',
  'in-place-by-time',
  'check',
  'prune',
  'version',
  'help',
  'key',
  'list',
  'blobs',
] as const
export type RowName = (typeof ROW_NAMES)[number]

/** Something that all contestants do, and what must be so before. Only the command is measured. */
export interface Row {
  readonly name: RowName
  readonly title: string
  /** Contestants without this command do not take part. */
  readonly uses: keyof Commands
  /** Nor do those whose repository the engine cannot write. */
  readonly needsLocation?: boolean
  /** Snapshots that each must have, the latest of them of the source as it is. */
  readonly needs: number
  /** How many times as many runs as asked for, where a run is so short that a few tell little; 1 if left out. Not in a quick run. */
  readonly repeats?: number
  /** Runs that make one measurement, with a change of the source before each; 1 if left out. */
  readonly steps?: (race: Race) => number
  /** Once, before all runs. */
  readonly beforeRow?: (race: Race, field: readonly Contestant[]) => void | Promise<void>
  /** Before each step, once for all contestants. */
  readonly beforeStep?: (race: Race, step: number) => void
  /** Before each run of a contestant. */
  readonly before?: (race: Race, contestant: Contestant, step: number) => void | Promise<void>
  readonly command: (race: Race, contestant: Contestant) => Command | undefined
  /** After each run of a contestant; `isFirst` in the first turn. */
  readonly after?: (race: Race, contestant: Contestant, isFirst: boolean) => void
  /** Once, after all runs. */
  readonly afterRow?: (race: Race, field: readonly Contestant[]) => void
  /** Whether what is stored changes. */
  readonly stores: boolean
  /** Something to say of a contestant. */
  readonly note?: (contestant: Contestant, median: Measurement) => string | undefined | Promise<string | undefined>
}
