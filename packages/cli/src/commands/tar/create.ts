import { TarVolume } from '@varve/delta'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { type CommandContext, defineCommand } from '../../command.ts'
import { namedSet } from './named-set.ts'
import {
  declareVolumeOptions,
  type VolumeCommandOptions,
  volumeOptions,
  VOLUMES_REPORT,
  type VolumesOutcome,
  writeVolumes,
} from './volume-options.ts'

interface Options extends VolumeCommandOptions {
  readonly prefix?: string
  readonly force?: boolean
}

const EXAMPLES = `
A set is named by the folder that it lies in and what its files' names begin
with: backups/work is backups/work.vol1.tgz, … and backups/work.volumes.jsonl,
the index. Any tar lists and extracts each volume.

Examples:
  varve tar create backups/work ~/work
  varve tar create backups/work ~/work --volume-size 1G --compress zstd --split`

/** `varve tar create` */
export const tarCreateCommand = defineCommand<Options, VolumesOutcome>({
  during: 'create',
  ...VOLUMES_REPORT,
  declare: (command: Command) => {
    command
      .description('Put a folder into volumes.')
      .argument('<set>', 'where the volumes go, and what their names begin with')
      .argument('<folder>', 'the folder')
      .option('--prefix <folder>', "what members' paths begin with (default: the folder's name; '' for nothing)")
      .option('-f, --force', 'replace a set that is there, when the new one is whole')
      .addHelpText('after', EXAMPLES)
    declareVolumeOptions(command)
  },
  run: async (context: CommandContext, [set = '', folder = ''], options) => {
    const { prefix, force } = options
    const root = resolve(context.workingFolder, folder)
    const place = namedSet(set, context)
    const writer = await TarVolume.create({
      ...volumeOptions(options, context),
      ...place,
      root,
      prefix,
      replace: force,
    })
    return await writeVolumes(writer, () => writer.compress())
  },
})
