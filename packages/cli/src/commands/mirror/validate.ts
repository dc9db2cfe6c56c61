import { type Validation, validateIncrement } from '@varve/mirror'
import type { Command } from 'commander'
import { join } from 'node:path'
import { type CommandContext, defineCommand } from '../../command.ts'
import { EXIT } from '../../exit-codes.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { formatCount } from '../../format/format-count.ts'
import { repeatable } from '../../repeatable-option.ts'
import { allOrChosenNames } from './chosen-names.ts'
import { chosenDestination, declarePlaceArgument, declarePlaceOptions, type PlaceOptions } from './mirror-place.ts'

interface Options extends PlaceOptions {
  readonly backup: readonly string[]
  readonly quick?: boolean
}

interface ValidateOutcome {
  readonly destination: string
  readonly validations: readonly Validation[]
}

const EXAMPLES = `
An increment is whole where all that its metadata names is in it, as it says,
and nothing else. Each is validated on its own; no other one is needed for that.

Examples:
  varve mirror validate
  varve mirror validate /media/usb/backups --backup latest
  varve mirror validate --quick`

/** `varve mirror validate` */
export const mirrorValidateCommand = defineCommand<Options, ValidateOutcome>({
  during: 'validate',
  counts: 'file',
  declare: (command: Command) => {
    command.description('Verify that increments are whole.')
    declarePlaceArgument(command)
    command
      .addOption(repeatable('--backup <increment>', 'only this increment'))
      .option('--quick', 'compare sizes and times, but do not read the files')
    declarePlaceOptions(command)
    command.addHelpText('after', EXAMPLES)
  },
  run: validateAll,
  text: validateText,
  json: ({ validations }) =>
    validations.map(({ name, findings, filesChecked, bytesRead, filesWithoutHash }) => ({
      message_type: 'increment',
      name,
      whole: findings.length === 0,
      files_checked: filesChecked,
      bytes_read: bytesRead,
      files_without_hash: filesWithoutHash,
      findings,
    })),
  shortfall: ({ validations }) => {
    const damaged = validations.filter(({ findings }) => findings.length > 0)
    if (damaged.length === 0) return undefined
    const increments = formatCount(damaged.length, 'increment is', 'increments are')
    return { message: `${increments} not whole`, exitCode: EXIT.failed }
  },
})

async function validateAll(
  context: CommandContext,
  [dist]: readonly string[],
  { backup, quick, ...options }: Options,
): Promise<ValidateOutcome> {
  const { signal, reporter } = context
  const destination = chosenDestination(dist, options, context)
  const validations: Validation[] = []
  for (const name of await allOrChosenNames(destination, backup)) {
    const validation = await validateIncrement(join(destination, name), {
      readsContent: quick !== true,
      signal,
      onProgress: (progress) => reporter.progress(progress),
    })
    validations.push(validation)
  }
  return { destination, validations }
}

function validateText({ destination, validations }: ValidateOutcome, verbosity: number): readonly string[] {
  if (validations.length === 0) return [`There are no increments in ${destination}.`]
  return validations.flatMap(({ name, findings, filesChecked, bytesRead, filesWithoutHash }) => {
    const read = bytesRead === 0 ? '' : `, ${formatBytes(bytesRead)} read`
    const unknown = filesWithoutHash === 0 ? '' : `; ${formatCount(filesWithoutHash, 'file')} without a hash to compare`
    if (findings.length === 0) {
      return verbosity === 0 ? [] : [`${name}: whole, ${formatCount(filesChecked, 'file')}${read}${unknown}`]
    }
    return [
      `${name}: ${formatCount(findings.length, 'problem')}`,
      ...findings.map(({ path, message }) => (path === '' ? `  ${message}` : `  ${path}: ${message}`)),
    ]
  })
}
