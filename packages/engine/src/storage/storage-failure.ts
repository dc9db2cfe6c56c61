import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { describeObject } from './object-name.ts'
import type { ByteRange, FileType } from './storage.ts'

/** Why storage can fail, as far as it makes a difference to what somebody does about it. */
export type FailureReason = 'full' | 'read-only' | 'denied' | 'device' | 'gone' | 'too-many-files' | 'busy' | 'other'

const REASONS: Readonly<Record<string, FailureReason>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EROFS: 'read-only',
  EACCES: 'denied',
  EPERM: 'denied',
  EIO: 'device',
  // Where a single object is missing, that is ERR_VARVE_NOT_FOUND and does not come here.
  ENOENT: 'gone',
  ENODEV: 'gone',
  ENXIO: 'gone',
  ENOTCONN: 'gone',
  ESTALE: 'gone',
  EMFILE: 'too-many-files',
  ENFILE: 'too-many-files',
  EBUSY: 'busy',
}

/**
 * ERR_VARVE_STORAGE for something that could not be done.
 *
 * @param attempt - what was tried, to follow 'cannot': `save pack 1a2b3c4d`
 * @param location - the storage
 * @param reason - why, as far as it is known
 * @param cause - the error underneath
 */
export function storageFailure(attempt: string, location: string, reason: FailureReason, cause: unknown): VarveError {
  if (reason === 'other') {
    return new VarveError('ERR_VARVE_STORAGE', `cannot ${attempt}: ${describeError(cause)} ('${location}')`, { cause })
  }
  const { text, hint } = EXPLANATIONS[reason]
  return new VarveError('ERR_VARVE_STORAGE', `cannot ${attempt}: ${text(location)}`, { cause, hint })
}

/** {@link storageFailure} for an error of the file system. */
export function systemFailure(attempt: string, location: string, error: unknown): VarveError {
  return storageFailure(attempt, location, REASONS[systemErrorCode(error) ?? ''] ?? 'other', error)
}

/** What making a repository failed with: ERR_VARVE_BAD_ARGUMENT where a file is in the way, else ERR_VARVE_STORAGE. */
export function creationFailure(path: string, error: unknown): VarveError {
  const code = systemErrorCode(error)
  if (code !== 'ENOTDIR' && code !== 'EEXIST') return systemFailure(`make a repository at '${path}'`, path, error)
  return new VarveError('ERR_VARVE_BAD_ARGUMENT', `no repository can be made at '${path}': a file is in the way`, {
    hint: 'name another place, where nothing is yet',
    cause: error,
  })
}

/** ERR_VARVE_NOT_FOUND for an object that is not there. */
export function objectNotFound(type: FileType, name: string, location: string): VarveError {
  return new VarveError('ERR_VARVE_NOT_FOUND', `${describeObject(type, name)} does not exist in '${location}'`)
}

/** ERR_VARVE_DAMAGED for an object that ends before the range that was asked for. `size` and the range are in bytes. */
export function objectTooShort(type: FileType, name: string, size: number, range: ByteRange): VarveError {
  return new VarveError(
    'ERR_VARVE_DAMAGED',
    `${describeObject(type, name)} has ${size} bytes, but bytes ${range.offset} to ${range.offset + range.length} of it were expected`,
  )
}

/**
 * The range to read: all of the object where `range` is left out. `size` is in bytes.
 * @throws ERR_VARVE_DAMAGED where the object is shorter than the range; a plain Error for a range that makes no sense
 */
export function resolveRange(type: FileType, name: string, size: number, range: ByteRange | undefined): ByteRange {
  if (range === undefined) return { offset: 0, length: size }
  if (
    !Number.isSafeInteger(range.offset) ||
    !Number.isSafeInteger(range.length) ||
    range.offset < 0 ||
    range.length < 0
  ) {
    throw new Error(`no range of bytes starts at ${range.offset} and has ${range.length} of them`)
  }
  if (range.offset + range.length > size) throw objectTooShort(type, name, size, range)
  return range
}

/** What calls on storage that was closed get: a plain Error, since it is a mistake of the caller. */
export function storageClosed(location: string): Error {
  return new Error(`the storage '${location}' was closed`)
}

interface Explanation {
  readonly text: (location: string) => string
  readonly hint: string
}

const EXPLANATIONS: Readonly<Record<Exclude<FailureReason, 'other'>, Explanation>> = {
  full: {
    text: (location) => `no space is left for '${location}'`,
    hint: 'free some space on that disk, or raise the quota, and try again; what was saved before is not affected',
  },
  'read-only': {
    text: (location) => `'${location}' is read-only`,
    hint: 'make it writable, or use another location',
  },
  denied: {
    text: (location) => `permission denied in '${location}'`,
    hint: 'check the owner and the permissions of the repository, and the user that this runs as',
  },
  device: {
    text: (location) => `the device that holds '${location}' reports an input/output error`,
    hint: 'the disk may be failing: copy the repository to another one, then check the copy',
  },
  gone: {
    text: (location) => `'${location}' has vanished`,
    hint: 'check that the disk or network folder is still connected',
  },
  'too-many-files': {
    text: () => 'too many files are open',
    hint: 'raise the limit of open files (ulimit -n)',
  },
  busy: {
    text: (location) => `another process keeps '${location}' busy`,
    hint: 'try again when it is done',
  },
}
