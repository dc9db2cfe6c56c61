import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Progress } from '@varve/platform'
import { describeError, systemErrorCode, throwIfAborted, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { CommandContext } from '../../command.ts'
import { STANDARD } from '../output-place.ts'

/** A file, or standard input, to be read once. */
export interface DeltaInput {
  /** Bytes; undefined where that is not known. */
  readonly size: number | undefined
  /** Throws ERR_VARVE_SOURCE, ERR_VARVE_ABORTED. */
  readonly content: AsyncIterable<Uint8Array>
}

/**
 * Opens what a user named, and reports progress while it is read.
 *
 * @param name - a path, or `-`
 * @param phase - what the command is at
 * @throws ERR_VARVE_SOURCE
 */
export async function openInput(name: string, phase: string, context: CommandContext): Promise<DeltaInput> {
  if (name === STANDARD)
    return { size: undefined, content: watched(context.standardInput, name, undefined, phase, context) }
  const path = resolve(context.workingFolder, name)
  try {
    const stats = await stat(toFsPath(path))
    if (stats.isDirectory()) throw new VarveError('ERR_VARVE_SOURCE', `'${name}' is a folder`)
    const size = stats.isFile() ? stats.size : undefined
    const stream = createReadStream(toFsPath(path), { highWaterMark: 1 << 20 })
    return { size, content: watched(stream, name, size, phase, context) }
  } catch (error) {
    throw sourceFailure(name, error)
  }
}

/**
 * All of a file, or of standard input: for signatures, which are in memory in any case.
 * @throws ERR_VARVE_SOURCE, ERR_VARVE_ABORTED
 */
export async function readInput(name: string, phase: string, context: CommandContext): Promise<Buffer> {
  const { content } = await openInput(name, phase, context)
  const parts: Buffer[] = []
  for await (const bytes of content) parts.push(Buffer.from(bytes))
  return Buffer.concat(parts)
}

/** What reading a source failed with, in words for its user. */
export function sourceFailure(name: string, error: unknown): unknown {
  if (systemErrorCode(error) === undefined) return error
  return new VarveError('ERR_VARVE_SOURCE', `cannot read '${name}': ${describeError(error)}`, { cause: error })
}

async function* watched(
  pieces: AsyncIterable<unknown>,
  name: string,
  size: number | undefined,
  phase: string,
  { signal, reporter }: CommandContext,
): AsyncGenerator<Uint8Array, void> {
  let bytesDone = 0
  try {
    for await (const bytes of pieces) {
      throwIfAborted(signal)
      yield bytes as Buffer
      bytesDone += (bytes as Buffer).length
      reporter.progress(progressOf(phase, name, bytesDone, size))
    }
  } catch (error) {
    throw sourceFailure(name, error)
  }
}

function progressOf(phase: string, name: string, bytesDone: number, size: number | undefined): Progress {
  return { phase, filesDone: 0, filesTotal: undefined, bytesDone, bytesTotal: size, current: [name], errors: 0 }
}
