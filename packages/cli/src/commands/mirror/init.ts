import { newConfigText, refuseLoops, NO_RULES, USUAL_PLACES } from '@varve/mirror'
import { writeDurably } from '@varve/platform'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { type CommandContext, defineCommand } from '../../command.ts'
import { repeatable } from '../../repeatable-option.ts'
import { newFile } from '../output-place.ts'

interface Options {
  readonly config: string
  readonly include: readonly string[]
  readonly track: readonly string[]
  readonly force?: boolean
}

interface NewConfigOutcome {
  readonly file: string
  readonly src: string
  readonly dist: string
  readonly selectsNothing: boolean
}

const EXAMPLES = `
Nothing is mirrored that the configuration does not name, so name something here
or in the file afterwards. A name that ends in .json makes a JSON file.

Examples:
  varve mirror init                              then edit mirror.toml
  varve mirror init ~/Documents /media/usb/backups --track projects --include .
  varve mirror init ~/work ~/Backups --track . --config work.toml`

/** `varve mirror init` */
export const mirrorInitCommand = defineCommand<Options, NewConfigOutcome>({
  during: 'init',
  declare: (command: Command) => {
    command
      .description('Write a configuration that explains itself.')
      .argument('[src]', `the folder to mirror (default: ${USUAL_PLACES.src})`)
      .argument('[dist]', `the folder that gets mirror/ and the increments (default: ${USUAL_PLACES.dist})`)
      .option('-c, --config <file>', 'where to write it', 'mirror.toml')
      .addOption(repeatable('-i, --include <folder>', 'mirror this folder of src; . is all of it'))
      .addOption(repeatable('-t, --track <folder>', 'mirror it, and keep what changes in it'))
      .option('-f, --force', 'replace a file that is there')
      .addHelpText('after', EXAMPLES)
  },
  run: writeConfig,
  text: ({ file, selectsNothing }, verbosity) =>
    verbosity === 0
      ? []
      : [
          `Wrote ${file}.`,
          selectsNothing
            ? "Nothing is selected yet: name folders or files in it, then see what 'varve mirror run --dry-run' would do."
            : "Look through it, then see what 'varve mirror run --dry-run' would do.",
        ],
  json: ({ file, src, dist }) => [{ message_type: 'initialized', config: file, src, dist }],
})

async function writeConfig(
  context: CommandContext,
  [givenSrc, givenDist]: readonly string[],
  { config, include, track, force }: Options,
): Promise<NewConfigOutcome> {
  const { workingFolder } = context
  const file = newFile(config, context, force === true)
  // Absolute: what is relative in the file is so to the file, which may lie elsewhere.
  const src = givenSrc === undefined ? USUAL_PLACES.src : resolve(workingFolder, givenSrc)
  const dist = givenDist === undefined ? USUAL_PLACES.dist : resolve(workingFolder, givenDist)
  if (givenSrc !== undefined && givenDist !== undefined) {
    refuseLoops({ source: src, destination: dist, rules: NO_RULES, maxWorkers: undefined })
  }
  const text = newConfigText(file, { src, dist, includeDirs: include, trackDirs: track })
  await writeDurably(file, (handle) => handle.appendFile(text))
  return { file: config, src, dist, selectsNothing: include.length + track.length === 0 }
}
