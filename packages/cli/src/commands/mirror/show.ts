import { catalogueOf, listIncrements, type LoadedIncrement } from '@varve/mirror'
import type { Command } from 'commander'
import { defineCommand } from '../../command.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { formatCount } from '../../format/format-count.ts'
import { formatTime } from '../../format/format-time.ts'
import { formatTable } from '../../render/table.ts'
import { chosenDestination, declarePlaceOptions, type PlaceOptions } from './mirror-place.ts'
import { namedIncrement, NAMING_HELP } from './named-increment.ts'

interface ShownEntry {
  /** `tracked` is new or changed where the metadata does not say which. */
  readonly change: 'new' | 'changed' | 'tracked' | 'deleted'
  readonly path: string
  readonly type: 'file' | 'dir' | 'symlink'
  readonly size: number | undefined
  /** Milliseconds since 1970. */
  readonly mtime: number | undefined
  readonly sha256: string | undefined
}

interface ShowOutcome {
  readonly increment: LoadedIncrement
  readonly entries: readonly ShownEntry[]
}

const EXAMPLES = `
${NAMING_HELP}

New and changed files lie in its folder track/, deleted ones in deleted/, each
at its path.

Examples:
  varve mirror show latest
  varve mirror show 3 --dist /media/usb/backups`

/** `varve mirror show` */
export const mirrorShowCommand = defineCommand<PlaceOptions, ShowOutcome>({
  during: 'show',
  declare: (command: Command) => {
    command.description('Show what is in an increment.').argument('<increment>', 'which one')
    declarePlaceOptions(command)
    command.addHelpText('after', EXAMPLES)
  },
  run: async (context, [name = ''], options) => {
    const { increments } = await listIncrements(chosenDestination(undefined, options, context))
    const increment = namedIncrement(increments, name)
    return { increment, entries: entriesOf(increment) }
  },
  text: showText,
  json: ({ increment, entries }) => [
    ...entries.map(({ mtime, ...entry }) => ({ message_type: 'entry', ...entry, mtime: isoTime(mtime) })),
    {
      message_type: 'summary',
      name: increment.name,
      time: increment.time.toISOString(),
      folder: increment.folder,
      source: sourceOf(increment),
      entries: entries.length,
      total_bytes: totalSize(entries),
    },
  ],
})

function entriesOf(increment: LoadedIncrement): readonly ShownEntry[] {
  const created = new Set(
    increment.origin === 'varve'
      ? increment.increment.entries.filter(({ before }) => before === undefined).map(({ path }) => path)
      : [],
  )
  return Array.from(catalogueOf(increment), ({ path, category, type, size, mtime, hash }) => {
    const there = increment.origin !== 'varve' ? 'tracked' : created.has(path) ? 'new' : 'changed'
    return {
      change: category === 'deleted' ? 'deleted' : there,
      path,
      type,
      size,
      mtime: mtime === undefined ? undefined : Number(mtime / 1_000_000n),
      sha256: hash,
    }
  })
}

function showText({ increment, entries }: ShowOutcome, verbosity: number): readonly string[] {
  const source = sourceOf(increment)
  const head = `${increment.name}${source === undefined ? '' : ` of ${source}`}, in ${increment.folder}:`
  const table = formatTable(
    [
      { title: 'CHANGE', align: 'left' },
      { title: 'SIZE', align: 'right' },
      { title: 'MODIFIED', align: 'left' },
      { title: 'PATH', align: 'left' },
    ],
    entries.map(({ change, type, size, mtime, path }) => [
      [change],
      [size === undefined ? '' : formatBytes(size)],
      [mtime === undefined ? '' : formatTime(mtime)],
      [type === 'dir' ? `${path}/` : path],
    ]),
    [['TOTAL'], [formatBytes(totalSize(entries))], [], [formatCount(entries.length, 'entry', 'entries')]],
  )
  return verbosity === 0 ? table : [head, '', ...table]
}

/** The folder that was mirrored, as far as the metadata says. */
function sourceOf(increment: LoadedIncrement): string | undefined {
  return increment.origin === 'original' || increment.increment.source === '' ? undefined : increment.increment.source
}

function totalSize(entries: readonly ShownEntry[]): number {
  return entries.reduce((sum, { size }) => sum + (size ?? 0), 0)
}

function isoTime(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString()
}
