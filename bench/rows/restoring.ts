import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Contestant } from '../contestants/contestant.ts'
import { copyAll } from '../copying.ts'
import type { Race } from '../race.ts'
import type { Row } from './row.ts'

/** What is changed in a restored folder: another hundredth than those that change between snapshots. */
const ROUND = 1_000

/** Restores of the latest snapshot. What each contestant restored first is compared with the source, byte for byte. */
export const RESTORING_ROWS: readonly Row[] = [
  {
    name: 'restore',
    title: 'restore to empty',
    uses: 'restore',
    needs: 1,
    before: clearTarget,
    command: (race, { commands }) => commands.restore?.(race.target, race.source),
    after: verify,
    afterRow: clearTarget,
    stores: false,
  },
  {
    name: 'in-place',
    title: 'restore in place',
    uses: 'restoreOver',
    needs: 1,
    beforeRow: fillTarget,
    before: changeTarget,
    command: (race, { commands }) => commands.restoreOver?.(race.target, race.source),
    after: verify,
    afterRow: clearTarget,
    stores: false,
  },
  {
    name: 'in-place-by-time',
    title: 'restore in place, by times',
    uses: 'restoreOverByTime',
    needs: 1,
    beforeRow: fillTarget,
    before: changeTarget,
    command: (race, { commands }) => commands.restoreOverByTime?.(race.target, race.source),
    after: verify,
    afterRow: clearTarget,
    stores: false,
  },
]

function restored(race: Race): string {
  return join(race.target, race.source)
}

function fillTarget(race: Race): void {
  race.clearTarget()
  copyAll(race.source, restored(race))
}

function changeTarget(race: Race): void {
  race.corpus.change(restored(race), ROUND)
}

function clearTarget(race: Race): void {
  race.clearTarget()
}

/** @throws Error naming what differs */
function verify(race: Race, { name }: Contestant, isFirst: boolean): void {
  if (!isFirst) return
  const { status, stdout, stderr } = spawnSync(
    'diff',
    ['--recursive', '--brief', '--no-dereference', race.source, restored(race)],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  )
  if (status !== 0)
    throw new Error(`${name} restored something else than it saved:\n${(stdout + stderr).slice(0, 2000)}`)
}
