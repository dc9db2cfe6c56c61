import { TarVolume } from '@varve/delta'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { badArgument } from '../../bad-argument.ts'
import { type CommandContext, defineCommand } from '../../command.ts'
import { STANDARD } from '../output-place.ts'
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
  readonly root: string
  readonly prefix?: string
  readonly stdinFilename?: string
}

const EXAMPLES = `
What is added goes into new volumes; those that are there stay as they are.
Paths are relative to --root, whose name members' paths begin with. - is
standard input, which --stdin-filename names.

Examples:
  varve tar add backups/work notes.txt scenes --root ~/work
  mysqldump … | varve tar add backups/work - --stdin-filename dump.sql`

/** `varve tar add` */
export const tarAddCommand = defineCommand<Options, VolumesOutcome>({
  during: 'add',
  ...VOLUMES_REPORT,
  declare: (command: Command) => {
    command
      .description('Add files and folders to volumes that are there.')
      .argument('<set>', 'where the volumes are, and what their names begin with')
      .argument('<path...>', 'what to add')
      .option('--root <folder>', 'the folder that the paths lie in (default: this folder)', '.')
      .option('--prefix <folder>', "what members' paths begin with (default: the root's name; '' for nothing)")
      .option('--stdin-filename <name>', 'what standard input is called')
      .addHelpText('after', EXAMPLES)
    declareVolumeOptions(command)
  },
  run: addToSet,
})

async function addToSet(
  context: CommandContext,
  [set = '', ...paths]: readonly string[],
  options: Options,
): Promise<VolumesOutcome> {
  const { prefix, stdinFilename } = options
  if (paths.includes(STANDARD) && stdinFilename === undefined) {
    throw badArgument('standard input has no name', 'name it with --stdin-filename')
  }
  const root = resolve(context.workingFolder, options.root)
  const writer = await TarVolume.append({ ...volumeOptions(options, context), ...namedSet(set, context), root, prefix })
  return await writeVolumes(writer, async () => {
    for (const path of paths) {
      if (path === STANDARD && stdinFilename !== undefined) await writer.addStream(stdinFilename, context.standardInput)
      else await writer.add(path)
    }
    return await writer.close()
  })
}
