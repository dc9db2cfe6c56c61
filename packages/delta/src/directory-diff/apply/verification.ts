import { createHash } from 'node:crypto'
import { constants, lstatSync, readdirSync, statfsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { describeError, systemErrorCode, throwIfAborted, VarveError } from '@varve/platform/errors'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import { applyDelta } from '../../rsync/patch.ts'
import type { ProgressMeter } from '../../directory-index/progress-meter.ts'
import type { ArchivedContent } from '../archive-reader.ts'
import type { TargetStep } from './target-walk.ts'

const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** What is needed to see that an archive can be applied. */
export interface VerificationOptions {
  /** The directory; undefined where it does not exist yet. */
  readonly target: string | undefined
  /** What the archive is called in messages. */
  readonly what: string
  readonly signal: AbortSignal | undefined
  readonly meter: ProgressMeter
}

/**
 * Goes through all steps without taking them: makes each new file, in memory and piece by piece, and compares it with what the archive says that it is; sees that nothing
 * is in the way. Nothing is written.
 *
 * @param steps - from `walkTarget`
 * @returns bytes of all new files, and the hash of what the directory is going to be
 * @throws ERR_VARVE_DAMAGED, ERR_VARVE_TARGET, ERR_VARVE_ABORTED; what the steps throw
 */
export async function verifySteps(
  steps: AsyncGenerator<TargetStep, string>,
  options: VerificationOptions,
): Promise<{ readonly stateHash: string; readonly newBytes: number }> {
  const { target, what, signal, meter } = options
  let newBytes = 0
  for (;;) {
    throwIfAborted(signal)
    const { done, value } = await steps.next()
    if (done === true) return { stateHash: value, newBytes }
    if (value.kind === 'folder') {
      if (target !== undefined && value.before !== undefined && value.after === undefined) {
        requireNothingElse(target, value.path, value.entriesBefore)
      }
      continue
    }
    const { change, content, isInFolder } = value
    if (target !== undefined && isInFolder && change.before === undefined) requireNothing(target, change.path)
    if (content === undefined) continue
    await verifyContent(content, `${target}/${change.path}`, `'${change.path}' in ${what}`, signal)
    newBytes += content.state.size
    meter.filesDone++
    meter.bytesDone += content.state.size
    meter.tick(change.path)
  }
}

/**
 * The file that a member makes, whole or out of what is at `basePath`. It is right only once all of it has come.
 * @throws ERR_VARVE_DAMAGED, ERR_VARVE_WRONG_BASE, ERR_VARVE_FORMAT, ERR_VARVE_ABORTED, ERR_VARVE_TARGET
 */
export async function* makeContent(
  { kind, state, base: before, pieces }: ArchivedContent,
  basePath: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (kind === 'created' || before === undefined) {
    yield* pieces
    return
  }
  let base
  try {
    base = await open(toFsPath(basePath), FLAGS)
    const { size } = await base.stat()
    const file = base
    yield* applyDelta(
      { size, read: async (into, position) => (await file.read(into, 0, into.length, position)).bytesRead },
      pieces,
      {
        greatestSize: state.size,
        // It has been compared when the directory was indexed; what comes of it is compared in any case.
        baseDigest: Buffer.from(before.hash, 'hex'),
        ...(signal === undefined ? {} : { signal }),
      },
    )
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    throw new VarveError('ERR_VARVE_TARGET', `cannot read '${basePath}': ${describeError(error)}`, { cause: error })
  } finally {
    await base?.close()
  }
}

async function verifyContent(
  content: ArchivedContent,
  basePath: string,
  what: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const whole = createHash('sha256')
  let size = 0
  for await (const piece of makeContent(content, basePath, signal)) {
    throwIfAborted(signal)
    whole.update(piece)
    size += piece.length
  }
  if (size === content.state.size && whole.digest('hex') === content.state.hash) return
  throw new VarveError('ERR_VARVE_DAMAGED', `the content of ${what} is not what it should be`)
}

/**
 * Sees that a file system has room.
 *
 * @param folder - a folder on it
 * @param bytes - how many are to be written
 * @throws ERR_VARVE_TARGET where there is not enough; the system's error
 */
export function requireSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(toFsPath(folder), { bigint: true })
  const free = bavail * bsize
  if (BigInt(bytes) <= free) return
  throw new VarveError(
    'ERR_VARVE_TARGET',
    `${bytes} bytes are to be written beside '${folder}', but only ${free} are free there`,
  )
}

/** What the index left out in the base may be where the archive brings something. */
function requireNothing(target: string, path: string): void {
  if (lstatSync(toFsPath(`${target}/${path}`), { throwIfNoEntry: false }) === undefined) return
  throw new VarveError(
    'ERR_VARVE_TARGET',
    `'${path}' is in the way: the index leaves it out, and the archive brings another`,
    {
      hint: 'move it away, and try again',
    },
  )
}

/** A folder that goes must not take along what the index left out. */
function requireNothingElse(target: string, path: string, count: number): void {
  const names = readdirSync(toFsPath(`${target}/${path}`), { encoding: 'buffer' }).map((name) => nameFromBytes(name))
  if (names.length <= count) return
  throw new VarveError(
    'ERR_VARVE_TARGET',
    `the folder '${path}' is to go, but holds entries that the index leaves out`,
    {
      hint: 'move them away, and try again',
    },
  )
}
