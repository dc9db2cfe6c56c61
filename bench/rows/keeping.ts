import { rmSync } from 'node:fs'
import type { Contestant } from '../contestants/contestant.ts'
import { copyAll } from '../copying.ts'
import type { Race } from '../race.ts'
import type { Row } from './row.ts'

/** Snapshots to have half of removed, where nothing made more. */
const ENOUGH = 4

const aside = ({ folder }: Contestant): string => `${folder}-aside`

/** What keeps a repository sound and small. */
export const KEEPING_ROWS: readonly Row[] = [
  {
    name: 'check',
    title: 'check --read-data',
    uses: 'check',
    needs: 1,
    command: (_, { commands }) => commands.check,
    stores: false,
  },
  {
    name: 'prune',
    title: 'prune of every second snapshot',
    uses: 'prune',
    needs: ENOUGH,
    beforeRow: (_, field) => {
      for (const each of field) copyAll(each.folder, aside(each))
    },
    before: (_, contestant) => {
      rmSync(contestant.folder, { recursive: true })
      copyAll(aside(contestant), contestant.folder)
    },
    command: (_, { commands }) => {
      const names = commands.snapshots?.() ?? []
      return commands.prune?.(names.slice(0, -1).filter((_, number) => number % 2 === 0))
    },
    afterRow: (_: Race, field) => {
      for (const each of field) rmSync(aside(each), { recursive: true })
    },
    stores: true,
  },
]
