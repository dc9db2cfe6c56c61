import type { Compression } from '@varve/engine'
import { badArgument } from '../bad-argument.ts'
import type { CommandContext } from '../command.ts'
import { variable } from '../environment.ts'
import { COMPRESSION_MODES } from '../global-options.ts'

/** The compression that option or environment asks for. @throws ERR_VARVE_BAD_ARGUMENT */
export function chosenCompression({ globals, environment }: CommandContext): Compression {
  const text = globals.compression ?? variable(environment, 'COMPRESSION') ?? 'auto'
  const mode = COMPRESSION_MODES.find((candidate) => candidate === text)
  if (mode === undefined)
    throw badArgument(`'${text}' is no compression`, `choose one of ${COMPRESSION_MODES.join(', ')}`)
  return mode
}
