import { type AppliedDiff, applyDiff, recoverApply, type Recovery } from '@varve/delta'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { badArgument } from '../../bad-argument.ts'
import { type CommandContext, defineCommand } from '../../command.ts'
import { EXIT } from '../../exit-codes.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { countsText } from './change-report.ts'

interface Options {
  readonly dryRun?: boolean
  readonly recover?: boolean
}

interface ApplyOutcome {
  readonly folder: string
  readonly dryRun: boolean
  readonly recovery: Recovery
  /** Undefined with `--recover`. */
  readonly applied: AppliedDiff | undefined
}

const EXAMPLES = `
All changes are carried out, or none: archive and folder are verified before
anything is touched, and what fails is put back. After a crash, --recover does
so, and so does the next apply.

Examples:
  varve dir apply changes.tgz copy --dry-run
  varve dir apply changes.tgz copy
  varve dir apply --recover copy`

/** `varve dir apply` */
export const dirApplyCommand = defineCommand<Options, ApplyOutcome>({
  during: 'apply',
  counts: 'file',
  declare: (command: Command) => {
    command
      .description('Make the changes in an archive in a folder that is as it was before them.')
      .argument('[archive]', 'what varve dir pack wrote')
      .argument('[folder]', 'the folder')
      .option('-n, --dry-run', 'verify everything, but change nothing')
      .option('--recover', 'only put back what an interrupted apply left, or bring it to its end')
      .addHelpText('after', EXAMPLES)
  },
  run: applyChanges,
  text: applyText,
  json: ({ recovery, applied, dryRun }) => [
    {
      message_type: 'summary',
      dry_run: dryRun,
      recovery,
      bytes_written: applied?.bytesWritten,
      left_over: applied?.leftOver,
      ...applied?.counts,
    },
  ],
  shortfall: ({ applied }) =>
    applied?.leftOver === undefined
      ? undefined
      : { message: `all was done, but '${applied.leftOver}' could not be removed`, exitCode: EXIT.failed },
})

async function applyChanges(
  { workingFolder, signal, reporter }: CommandContext,
  args: readonly string[],
  { dryRun = false, recover = false }: Options,
): Promise<ApplyOutcome> {
  const [first, second] = args
  if (recover) {
    if (first === undefined || second !== undefined) throw badArgument('--recover takes the folder alone')
    return {
      folder: first,
      dryRun: false,
      recovery: await recoverApply(resolve(workingFolder, first)),
      applied: undefined,
    }
  }
  if (first === undefined || second === undefined) throw badArgument('name an archive and a folder')
  const applied = await applyDiff(resolve(workingFolder, second), resolve(workingFolder, first), {
    dryRun,
    signal,
    onProgress: (progress) => reporter.progress(progress),
  })
  return { folder: second, dryRun, recovery: applied.recovery, applied }
}

function applyText({ folder, dryRun, recovery, applied }: ApplyOutcome, verbosity: number): readonly string[] {
  if (verbosity === 0) return []
  const lines = recovery === 'nothing' && applied !== undefined ? [] : [RECOVERIES[recovery]]
  if (applied === undefined) return lines
  const { counts, bytesWritten } = applied
  return [
    ...lines,
    `${dryRun ? 'Would change' : 'Changed'} ${folder}: ${countsText(counts)} (${formatBytes(bytesWritten)}).`,
    ...(dryRun ? ['This was a dry run: nothing was changed.'] : []),
  ]
}

const RECOVERIES: Readonly<Record<Recovery, string>> = {
  nothing: 'There was nothing to recover.',
  'rolled-back': 'An earlier apply was interrupted; what it had changed was put back.',
  finished: 'An earlier apply was interrupted at its end, and is done now.',
}
