import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { nameToBytes, toFsPath } from '@varve/platform/file-name'
import type { Problem } from '@varve/platform'

/** A file whose presence keeps the other entries of its folder out of a snapshot. */
export interface ExclusionTag {
  readonly name: string
  /** What the file must start with; empty where anything will do. */
  readonly header: Uint8Array
}

/** Marks folders of files that can be made again (https://bford.info/cachedir/). */
export const CACHE_TAG: ExclusionTag = {
  name: 'CACHEDIR.TAG',
  header: Buffer.from('Signature: 8a477f597d28d172789f06886806bc55'),
}

/**
 * The tag that `filename[:header]` describes.
 * @throws ERR_VARVE_BAD_ARGUMENT where there is no file name
 */
export function parseExclusionTag(text: string): ExclusionTag {
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  if (name === '') {
    throw new VarveError(
      'ERR_VARVE_BAD_ARGUMENT',
      `'${text}' names no file whose presence is to exclude a folder's content`,
      {
        hint: 'Write a file name, or a file name, a colon and what the file must start with.',
      },
    )
  }
  return { name, header: nameToBytes(colon < 0 ? '' : text.slice(colon + 1)) }
}

/**
 * Whether a folder is marked by the tag. Touches the file system only where the folder has a file of that name and the tag asks for a header.
 *
 * @param folder - absolute path
 * @param names - all names in the folder
 * @param onWarning - told where there is a file of that name which cannot be read or is not such a tag: the folder then counts as unmarked
 */
export function isMarked(
  tag: ExclusionTag,
  folder: string,
  names: readonly string[],
  onWarning: ((problem: Problem) => void) | undefined,
): boolean {
  const path = `${folder}/${tag.name}`
  try {
    const isThere = tag.name.includes('/') ? exists(path) : names.includes(tag.name)
    if (!isThere || tag.header.length === 0) return isThere
    const start = readStart(path, tag.header.length)
    if (Buffer.compare(start, tag.header) === 0) return true
    onWarning?.({ path, message: 'does not start as a tag that excludes its folder must, so that the folder is saved' })
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') {
      onWarning?.({
        path,
        message: `cannot be checked for being a tag that excludes its folder: ${describeError(error)}`,
      })
    }
  }
  return false
}

function exists(path: string): boolean {
  return lstatSync(toFsPath(path), { throwIfNoEntry: false }) !== undefined
}

function readStart(path: string, length: number): Uint8Array {
  // Without O_NONBLOCK, a FIFO would make this wait for somebody to write to it.
  const file = openSync(toFsPath(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const start = Buffer.alloc(length)
    let filled = 0
    while (filled < length) {
      const count = readSync(file, start, filled, length - filled, null)
      if (count === 0) break
      filled += count
    }
    return start.subarray(0, filled)
  } finally {
    closeSync(file)
  }
}
