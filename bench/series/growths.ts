import { openRepository, snapshot } from '@varve/engine'
import type { Sizes } from '../corpora.ts'
import { PASSWORD, type Contestant } from '../contestants/contestant.ts'
import { changeFiles } from '../corpora/changes.ts'
import { media } from '../corpora/media.ts'
import { MEBIBYTE } from '../corpora/noise.ts'
import { growTinyFiles, TINY_FILE_SIZE } from '../corpora/tiny-files.ts'
import { writeProject } from '../corpora/written-project.ts'
import { outputOf } from '../measured-run.ts'
import { emptyFolder } from '../workplace.ts'
import type { Growth, SeriesJob } from './growth.ts'

/** Files of the folder whose snapshots are counted. */
const FEW = 200

const first: SeriesJob = { name: 'first', command: ({ commands }, { source }) => commands.snapshot?.(source) }
const unchanged: SeriesJob = {
  name: 'unchanged',
  command: ({ commands }, { source }) => commands.snapshotAgain?.(source),
}
const reread: SeriesJob = { name: 're-read', command: ({ commands }, { source }) => commands.reread?.(source) }
const restore: SeriesJob = {
  name: 'restore',
  command: ({ commands }, { target, source }) => commands.restore?.(target, source),
}
const check: SeriesJob = { name: 'check', command: ({ commands }) => commands.check }
const list: SeriesJob = { name: 'list', command: ({ commands }) => commands.list }

/** What doubles: files, bytes, and snapshots. */
export function growths({ series, media: mebibytes, snapshots }: Sizes): readonly Growth[] {
  return [
    {
      unit: 'files',
      one: 'file',
      scale: 'µs',
      size: TINY_FILE_SIZE,
      hasManyFiles: true,
      start: 1000,
      most: series,
      jobs: [first, unchanged, restore],
      grow: growTinyFiles,
      prepare: makeAnew,
    },
    {
      unit: 'MiB',
      one: 'MiB',
      scale: 'ms',
      size: MEBIBYTE,
      hasManyFiles: false,
      start: 32,
      most: mebibytes,
      jobs: [first, reread, restore, check],
      grow: (source, _, count) => {
        emptyFolder(source)
        media(count).make(source)
      },
      prepare: makeAnew,
    },
    {
      unit: 'snapshots',
      one: 'snapshot',
      scale: 'ms',
      size: 0,
      hasManyFiles: false,
      start: 4,
      most: snapshots,
      jobs: [list, check, unchanged],
      grow: (source, before) => {
        if (before === 0) writeProject(source, FEW)
      },
      prepare: addSnapshots,
    },
  ]
}

async function makeAnew({ folder, commands }: Contestant): Promise<void> {
  emptyFolder(folder)
  if (commands.init !== undefined) outputOf(commands.init)
}

/** Adds snapshots until there are so many, a hundredth changed between them. The engine makes them: as many calls of the program would take long. */
async function addSnapshots(contestant: Contestant, source: string, before: number, count: number): Promise<void> {
  const { name, location, commands } = contestant
  if (location === undefined || commands.snapshots === undefined) {
    throw new Error(`${name} cannot take part in the series of snapshots`)
  }
  if (before === 0) await makeAnew(contestant)
  const present = commands.snapshots().length
  const repository = await openRepository({ storage: location, password: PASSWORD })
  for (let number = present; number < count; number++) {
    changeFiles(source, number)
    await snapshot(repository, { paths: [source] })
  }
  await repository.close()
}
