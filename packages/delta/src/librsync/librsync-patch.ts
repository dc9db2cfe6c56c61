import { VarveError } from '@varve/platform/errors'
import type { ByteStream } from '../rsync/byte-stream.ts'
import { carryOut, type PatchOptions } from '../rsync/carry-out.ts'
import { addLength, damagedDelta, DeltaInput, requireWithin } from '../rsync/delta-input.ts'
import type { DeltaInstruction } from '../rsync/delta-instruction.ts'
import type { RandomAccess } from '../rsync/random-access.ts'
import {
  END,
  FIRST_COPY,
  FIRST_LITERAL,
  GREATEST_SHORT_LITERAL,
  LAST_COPY,
  LIBRSYNC_DELTA_MAGIC,
  WIDTHS,
} from './librsync-commands.ts'

/**
 * Makes the new content out of the old one and a delta that `rdiff delta` has written.
 *
 * The format holds no checksum and no hash: a delta for another file makes something, and nothing tells that it is wrong. Compare the result with a hash from
 * elsewhere. What comes is worth something only once the iteration has ended without an error: write beside, and rename then.
 *
 * @param base - the old content
 * @throws ERR_VARVE_DAMAGED where the delta is not as such a delta can be, wants more than the old file has, or goes on after its end; ERR_VARVE_FORMAT where it is
 *   no delta of librsync's; ERR_VARVE_ABORTED; what reading throws
 */
export async function* applyLibrsyncDelta(
  base: RandomAccess,
  delta: ByteStream,
  options: PatchOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const input = new DeltaInput(delta)
  try {
    yield* carryOut(base, instructionsOf(input, base.size), options)
  } finally {
    await input.close()
  }
}

async function* instructionsOf(input: DeltaInput, baseSize: number): AsyncGenerator<DeltaInstruction, void, undefined> {
  const magic = Buffer.from(await input.exactly(4, 'its beginning')).readUInt32BE()
  if (magic !== LIBRSYNC_DELTA_MAGIC) {
    throw new VarveError('ERR_VARVE_FORMAT', 'this is no delta of librsync: it does not begin like one')
  }
  let made = 0
  for (;;) {
    const command = await input.byte('a command')
    if (command === END) break
    if (command > LAST_COPY) throw damagedDelta(`there is no command ${command}`)
    if (command >= FIRST_COPY) {
      const widths = command - FIRST_COPY
      const offset = await readNumber(input, widths >> 2)
      const length = await readNumber(input, widths & 3)
      made = addLength(made, length)
      requireWithin(offset, length, baseSize)
      yield { kind: 'copy', offset, length }
      continue
    }
    const length = command <= GREATEST_SHORT_LITERAL ? command : await readNumber(input, command - FIRST_LITERAL)
    made = addLength(made, length)
    for (let rest = length; rest > 0;) {
      const bytes = await input.some(rest, 'a literal')
      rest -= bytes.length
      yield { kind: 'literal', bytes }
    }
  }
  await input.requireEnd()
}

/** A number of one of the four widths. What is too great for a file is too great for `addLength` or the old file as well. */
async function readNumber(input: DeltaInput, width: number): Promise<number> {
  const bytes = await input.exactly(WIDTHS[width] ?? 8, 'a command')
  return bytes.reduce((value, byte) => value * 256 + byte, 0)
}
