import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { systemErrorCode, VarveError } from '@varve/platform/errors'
import { DirectoryStorage } from './directory.ts'
import { SqliteStorage } from './sqlite.ts'
import { systemFailure } from './storage-failure.ts'
import type { Storage } from './storage.ts'

/** What a location says: how things are stored there, if it says so, and the path. */
interface ParsedLocation {
  readonly kind: 'sqlite' | 'directory' | undefined
  readonly path: string
}

/** At least two characters, since one is a drive of Windows. */
const SCHEME = /^([a-z][a-z0-9+.-]+):/i

/** Endings of a path that is yet to be made by which somebody asks for a database. */
const DATABASE_ENDINGS: ReadonlySet<string> = new Set(['.db', '.sqlite'])

/**
 * Opens existing storage; never makes anything.
 *
 * @param location - `sqlite:FILE`, `local:FOLDER`, or a path, where a file is taken for a database
 * @throws ERR_VARVE_NO_REPOSITORY where there is none, ERR_VARVE_BAD_ARGUMENT for a location that makes no sense, and what the storage's
 *   own `open` throws
 */
export async function openStorage(location: string): Promise<Storage> {
  const { kind, path } = parseLocation(location)
  if (kind === 'sqlite' || (kind === undefined && (await isFile(path)) === true)) return await SqliteStorage.open(path)
  return await DirectoryStorage.open(path)
}

/**
 * Makes storage for a new repository where there is none yet; storage without a config is used as it is.
 *
 * @param location - as for {@link openStorage}; a path where nothing is becomes a database if it ends in `.db` or `.sqlite`, else a folder
 * @throws ERR_VARVE_REPOSITORY_EXISTS, ERR_VARVE_BAD_ARGUMENT, and what the storage's own `create` throws
 */
export async function createStorage(location: string): Promise<Storage> {
  const { kind, path } = parseLocation(location)
  if (kind === 'sqlite') return await SqliteStorage.create(path)
  if (kind === 'directory') return await DirectoryStorage.create(path)
  const asFile = (await isFile(path)) ?? DATABASE_ENDINGS.has(extname(path).toLowerCase())
  return asFile ? await SqliteStorage.create(path) : await DirectoryStorage.create(path)
}

function parseLocation(location: string): ParsedLocation {
  const scheme = SCHEME.exec(location)?.[1]?.toLowerCase()
  const path = scheme === undefined ? location : location.slice(scheme.length + 1)
  if (path === '' || path.includes('\0')) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `'${location}' names no place for a repository`, {
      hint: 'give a path, sqlite:FILE or local:FOLDER',
    })
  }
  switch (scheme) {
    case undefined:
      return { kind: undefined, path }
    case 'sqlite':
      return { kind: 'sqlite', path }
    case 'local':
      return { kind: 'directory', path }
    default:
      // Without the rest of the location, which may hold a password.
      throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `there is no kind of storage named '${scheme}'`, {
        hint: 'give a path, sqlite:FILE or local:FOLDER; put ./ before a relative path that has a colon in its name',
      })
  }
}

/** Undefined where there is nothing. */
async function isFile(path: string): Promise<boolean | undefined> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw systemFailure(`open the repository '${path}'`, path, error)
  }
}
