import { computeLibrsyncSignature, computeSignature, encodeLibrsyncSignature, encodeSignature } from '@varve/delta'
import type { Command } from 'commander'
import { type CommandContext, defineCommand } from '../../command.ts'
import { parseSize } from '../../parse/parse-size.ts'
import { withoutUndefined } from '../../without-undefined.ts'
import { writeOutput } from '../output-place.ts'
import { openInput } from './delta-input.ts'
import { type Written, writtenJson, writtenText } from './written.ts'

interface SignatureCommandOptions {
  readonly blockSize?: string
  readonly librsync?: boolean
  readonly force?: boolean
}

const EXAMPLES = `
A signature holds sums of the file's blocks: enough to find out elsewhere what
has changed in it. - stands for standard input or output.

Examples:
  varve delta signature scene.blend scene.sig
  varve delta signature --block-size 64K disk.img disk.sig
  varve delta signature --librsync scene.blend - | ssh host rdiff delta - …`

/** `varve delta signature` */
export const deltaSignatureCommand = defineCommand<SignatureCommandOptions, Written>({
  during: 'signature',
  declare: (command: Command) => {
    command
      .description('Write the signature of a file.')
      .argument('<file>', 'the file')
      .argument('<signature>', 'where to write it')
      .option('--block-size <size>', 'bytes of a block; larger ones make less of a signature, and larger deltas')
      .option('--librsync', "write librsync's format, which rdiff reads")
      .option('-f, --force', 'replace a file that is there')
      .addHelpText('after', EXAMPLES)
  },
  run: writeSignature,
  text: writtenText,
  json: writtenJson,
})

async function writeSignature(
  context: CommandContext,
  [file = '', output = '']: readonly string[],
  { blockSize, librsync = false, force = false }: SignatureCommandOptions,
): Promise<Written> {
  const { signal } = context
  const block = blockSize === undefined ? undefined : parseSize(blockSize, '--block-size')
  const { size, content } = await openInput(file, 'reading', context)
  const options = { ...withoutUndefined({ blockSize: block, expectedSize: size }), signal }
  const encoded = librsync
    ? encodeLibrsyncSignature(await computeLibrsyncSignature(content, options))
    : encodeSignature(await computeSignature(content, options))
  return { output, bytes: await writeOutput(output, [encoded], context, force), from: size }
}
