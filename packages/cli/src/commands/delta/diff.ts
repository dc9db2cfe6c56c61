import { computeDelta, computeLibrsyncDelta, decodeLibrsyncSignature, decodeSignature } from '@varve/delta'
import type { Command } from 'commander'
import { type CommandContext, defineCommand } from '../../command.ts'
import { badArgument } from '../../bad-argument.ts'
import { STANDARD, writeOutput } from '../output-place.ts'
import { openInput, readInput } from './delta-input.ts'
import { isLibrsync } from './librsync-magic.ts'
import { type Written, writtenJson, writtenText } from './written.ts'

const EXAMPLES = `
The old file is not needed, only its signature. The delta of a signature that
librsync made is one that rdiff reads. - stands for standard input or output.

Examples:
  varve delta diff scene.sig scene.blend scene.delta
  varve delta diff scene.sig scene.blend - | ssh host varve delta patch …`

/** `varve delta diff` */
export const deltaDiffCommand = defineCommand<{ readonly force?: boolean }, Written>({
  during: 'diff',
  declare: (command: Command) => {
    command
      .description('Write what has changed in a file since its signature was made.')
      .argument('<signature>', 'of the old file')
      .argument('<file>', 'the new file')
      .argument('<delta>', 'where to write the changes')
      .option('-f, --force', 'replace a file that is there')
      .addHelpText('after', EXAMPLES)
  },
  run: writeDelta,
  text: writtenText,
  json: writtenJson,
})

async function writeDelta(
  context: CommandContext,
  [signatureName = '', file = '', output = '']: readonly string[],
  { force = false }: { readonly force?: boolean },
): Promise<Written> {
  const { signal } = context
  if (signatureName === STANDARD && file === STANDARD) {
    throw badArgument('signature and file cannot both come from standard input', 'name a file for one of them')
  }
  const signature = await readInput(signatureName, 'reading the signature', context)
  const { size, content } = await openInput(file, 'comparing', context)
  const delta = isLibrsync(signature)
    ? computeLibrsyncDelta(decodeLibrsyncSignature(signature), content, { signal })
    : computeDelta(decodeSignature(signature), content, { signal })
  return { output, bytes: await writeOutput(output, delta, context, force), from: size }
}
