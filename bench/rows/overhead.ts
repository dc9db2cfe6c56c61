import { describeKeyDerivation } from '../key-derivation.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { run, type Measurement } from '../measured-run.ts'
import { addBlobs, fillWithSnapshots } from '../prepared-repositories.ts'
import type { Race } from '../race.ts'
import type { Row } from './row.ts'

/** Of what takes hundredths of a second. */
const REPEATS = 5

/**
 * What a call costs however little there is to do, and what grows with the repository rather than with the source.
 * @param snapshots - that are listed
 * @param blobs - that the index knows
 */
export function overheadRows(snapshots: number, blobs: number): readonly Row[] {
  return [
    {
      name: 'version',
      title: 'start: --version',
      uses: 'version',
      needs: 0,
      repeats: REPEATS,
      command: (_, { commands }) => commands.version,
      stores: false,
    },
    {
      name: 'help',
      title: 'start: --help',
      uses: 'help',
      needs: 0,
      repeats: REPEATS,
      command: (_, { commands }) => commands.help,
      stores: false,
    },
    {
      name: 'key',
      title: 'open an empty repository',
      uses: 'list',
      needs: 0,
      beforeRow: async (race, field) => {
        for (const each of field) await race.restart(each, 'usual')
      },
      command: (_, { commands }) => commands.list,
      stores: false,
      note: describeKeyDerivation,
    },
    {
      name: 'list',
      title: `list ${snapshots} snapshots`,
      uses: 'list',
      needs: 0,
      beforeRow: (race, field) => fillWithSnapshots(race, field, snapshots),
      command: (_, { commands }) => commands.list,
      stores: false,
    },
    blobsRow(blobs),
  ]
}

function blobsRow(blobs: number): Row {
  /** Memory of the same call into a repository that holds nothing else. */
  const bare = new Map<Contestant, number>()
  return {
    name: 'blobs',
    title: `snapshot beside ${blobs.toLocaleString('en')} blobs`,
    uses: 'snapshotAgain',
    needsLocation: true,
    needs: 0,
    beforeRow: async (race, field) => {
      for (const each of field) {
        await race.restart(each, 'cheap')
        bare.set(each, runOf(race, each).memory)
      }
      await addBlobs(field, blobs)
      // Fills caches.
      for (const each of field) runOf(race, each)
    },
    command: (race, { commands }) => commands.snapshotAgain?.(race.source),
    stores: false,
    note: (contestant, { memory }) =>
      `${((memory - (bare.get(contestant) ?? NaN)) / blobs).toFixed(0)} bytes more memory a blob`,
  }
}

function runOf({ source }: Race, { name, commands }: Contestant): Measurement {
  if (commands.snapshot === undefined) throw new Error(`${name} takes no snapshots`)
  return run(commands.snapshot(source))
}
