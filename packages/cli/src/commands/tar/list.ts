import type { TarMember } from '@varve/delta'
import type { Command } from 'commander'
import { defineCommand } from '../../command.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { formatCount } from '../../format/format-count.ts'
import { formatTime } from '../../format/format-time.ts'
import { formatTable } from '../../render/table.ts'
import { openSet, type OpenSetOptions } from './named-set.ts'

interface Options extends OpenSetOptions {
  readonly long?: boolean
}

interface ListOutcome {
  readonly members: readonly TarMember[]
  readonly volumes: number
  readonly long: boolean
}

const EXAMPLES = `
Examples:
  varve tar list backups/work
  varve tar list backups/work --long
  varve tar list somebody-elses.tar.gz`

/** `varve tar list` */
export const tarListCommand = defineCommand<Options, ListOutcome>({
  during: 'list',
  declare: (command: Command) => {
    command
      .description('List what is in a set of volumes, or in a tar of any program.')
      .argument('<set>', 'where the volumes are, and what their names begin with; or a tar')
      .option('-l, --long', 'show permissions, sizes, times and volumes')
      .option('--ignore-index', 'read the volumes instead of their index')
      .option('--incomplete', 'list what is there of a set whose last volumes are missing')
      .addHelpText('after', EXAMPLES)
  },
  run: async (context, [set = ''], options) => {
    const { index } = await openSet(set, context, options)
    return { members: index.members, volumes: index.volumes.length, long: options.long === true }
  },
  text: listText,
  json: ({ members, volumes }) => [
    ...members.map(memberJson),
    { message_type: 'summary', members: members.length, volumes, total_bytes: totalSize(members) },
  ],
})

function listText({ members, volumes, long }: ListOutcome): readonly string[] {
  if (!long) return members.map(shownPath)
  const rows = members.map((member) => [
    [member.mode.toString(8).padStart(4, '0')],
    [formatBytes(member.size)],
    [formatTime(Number(member.mtime / 1_000_000n))],
    [member.pieces.map(({ volume }) => volume).join(',')],
    [member.linkTarget === '' ? shownPath(member) : `${member.path} -> ${member.linkTarget}`],
  ])
  const last = [
    [],
    [formatBytes(totalSize(members))],
    [],
    [],
    [`${formatCount(members.length, 'member')} in ${formatCount(volumes, 'volume')}`],
  ]
  return formatTable(
    [
      { title: 'MODE', align: 'left' },
      { title: 'SIZE', align: 'right' },
      { title: 'MODIFIED', align: 'left' },
      { title: 'VOLUME', align: 'left' },
      { title: 'PATH', align: 'left' },
    ],
    rows,
    last,
  )
}

function shownPath({ path, type }: TarMember): string {
  return type === 'dir' ? `${path}/` : path
}

function memberJson({ path, type, size, mode, mtime, linkTarget, pieces, sha256 }: TarMember): object {
  return {
    message_type: 'member',
    path,
    type,
    size,
    mode,
    mtime: new Date(Number(mtime / 1_000_000n)).toISOString(),
    target: linkTarget === '' ? undefined : linkTarget,
    volumes: pieces.map(({ volume }) => volume),
    sha256,
  }
}

function totalSize(members: readonly TarMember[]): number {
  return members.reduce((sum, { size }) => sum + size, 0)
}
