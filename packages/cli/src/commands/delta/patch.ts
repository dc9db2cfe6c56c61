import { applyDelta, applyLibrsyncDelta, openFile } from '@varve/delta'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { type CommandContext, defineCommand } from '../../command.ts'
import { parseSize } from '../../parse/parse-size.ts'
import { withoutUndefined } from '../../without-undefined.ts'
import { STANDARD, writeOutput } from '../output-place.ts'
import { openInput, sourceFailure } from './delta-input.ts'
import { isLibrsync } from './librsync-magic.ts'
import { type Written, writtenJson, writtenText } from './written.ts'

interface PatchCommandOptions {
  readonly maxSize?: string
  readonly force?: boolean
}

const EXAMPLES = `
The old file must be the one that the signature was made of, and the new file is
compared with what the delta says of it; deltas of librsync say nothing of
either. A new file appears only when all of it is right; on standard output (-),
what came is right only if the command succeeds.

Examples:
  varve delta patch scene.blend scene.delta new.blend
  ssh host varve delta diff … - | varve delta patch old.img - new.img`

/** `varve delta patch` */
export const deltaPatchCommand = defineCommand<PatchCommandOptions, Written>({
  during: 'patch',
  declare: (command: Command) => {
    command
      .description('Make the new file from the old one and what has changed.')
      .argument('<file>', 'the old file')
      .argument('<delta>', 'the changes')
      .argument('<result>', 'where to write the new file')
      .option('--max-size <size>', 'refuse a delta that makes a larger file')
      .option('-f, --force', 'replace a file that is there, also the old one')
      .addHelpText('after', EXAMPLES)
  },
  run: writePatched,
  text: writtenText,
  json: writtenJson,
})

async function writePatched(
  context: CommandContext,
  [file = '', delta = '', output = '']: readonly string[],
  { maxSize, force = false }: PatchCommandOptions,
): Promise<Written> {
  const { signal, workingFolder } = context
  const greatestSize = maxSize === undefined ? undefined : parseSize(maxSize, '--max-size')
  const base = await openFile(resolve(workingFolder, file)).catch((error: unknown) => {
    throw sourceFailure(file, error)
  })
  try {
    const { content } = await openInput(delta, 'patching', context)
    const { begin, all } = await peek(content)
    const options = { ...withoutUndefined({ greatestSize }), signal }
    const result = isLibrsync(begin) ? applyLibrsyncDelta(base, all, options) : applyDelta(base, all, options)
    const bytes = await writeOutput(output, result, context, force)
    return { output, bytes, from: output === STANDARD ? undefined : base.size }
  } finally {
    await base.close()
  }
}

/** The first bytes of a stream, and all of it. */
async function peek(
  content: AsyncIterable<Uint8Array>,
): Promise<{ readonly begin: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> {
  const pieces = content[Symbol.asyncIterator]()
  let begin = Buffer.alloc(0)
  while (begin.length < 4) {
    const next = await pieces.next()
    if (next.done === true) break
    begin = Buffer.concat([begin, next.value])
  }
  async function* all(): AsyncGenerator<Uint8Array, void> {
    yield begin
    yield* { [Symbol.asyncIterator]: () => pieces }
  }
  return { begin, all: all() }
}
