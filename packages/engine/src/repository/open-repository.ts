import { VarveError, describeError, isVarveError, throwIfAborted } from '@varve/platform/errors'
import { openStorage } from '../storage/open-storage.ts'
import type { Storage } from '../storage/storage.ts'
import type { Compression } from './compression.ts'
import { decodeConfig } from './config-file.ts'
import { parseId, type Id } from './id.ts'
import { MAX_KEY_FILE, openKeyFile } from './key-file.ts'
import type { MasterKey } from './master-key.ts'
import type { OpenRepository } from './repository.ts'
import { SealedRepository } from './sealed-repository.ts'
import { Sealer } from './sealing.ts'

/** Keys that a password is tried on, restic's number: each takes half a second. */
const MAX_KEYS = 20

/** Which repository to open, and how. */
export interface OpenOptions {
  /** Where it is, or the storage that holds it; that is closed with the repository. */
  readonly storage: Storage | string
  /** May be empty: a key with an empty password is like any other. */
  readonly password: string
  /** How hard to compress what will be saved; `auto` if left out. */
  readonly compression?: Compression | undefined
  readonly signal?: AbortSignal | undefined
}

/** A key that a password opened. */
export interface OpenedKey {
  readonly id: Id
  readonly key: MasterKey
}

/**
 * Opens a repository.
 *
 * @throws ERR_VARVE_NO_REPOSITORY where there is none, ERR_VARVE_WRONG_PASSWORD where no key opens with the password,
 * ERR_VARVE_REPOSITORY_VERSION, ERR_VARVE_DAMAGED naming the key or the config, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
 */
export async function openRepository(options: OpenOptions): Promise<OpenRepository> {
  const { storage: where, password, compression = 'auto', signal } = options
  const storage = typeof where === 'string' ? await openStorage(where) : where
  try {
    const sealedConfig = await loadConfig(storage)
    let foreign: unknown
    for await (const { id: keyId, key } of openKeys(storage, password, signal)) {
      try {
        const config = decodeConfig(openConfig(key, sealedConfig))
        return new SealedRepository({ storage, config, key, keyId, compression })
      } catch (error) {
        // A key may be left over from a repository whose making was interrupted: another may be the one.
        if (!isVarveError(error, 'ERR_VARVE_DAMAGED')) throw error
        foreign ??= error
      }
    }
    throw foreign
  } catch (error) {
    if (typeof where === 'string') await storage.close()
    throw error
  }
}

/**
 * The keys of a repository that open with a password, one after the other.
 * @throws where there is none: ERR_VARVE_WRONG_PASSWORD, or ERR_VARVE_DAMAGED where no key can be read
 */
export async function* openKeys(
  storage: Storage,
  password: string,
  signal?: AbortSignal,
): AsyncGenerator<OpenedKey, void, undefined> {
  const files = (await storage.list('key')).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  let opened = 0
  let refused = 0
  let damage: VarveError | undefined
  for (const { name, size } of files) {
    throwIfAborted(signal)
    if (opened + refused === MAX_KEYS) break
    const id = parseId(name)
    try {
      if (size > MAX_KEY_FILE) throw new VarveError('ERR_VARVE_DAMAGED', `key ${id} is damaged: it has ${size} bytes`)
      const key = await openKeyFile(await storage.load('key', id), id, password)
      if (key === undefined) refused++
      else {
        opened++
        yield { id, key }
      }
    } catch (error) {
      if (!isVarveError(error, 'ERR_VARVE_DAMAGED')) throw error
      damage ??= error
    }
  }
  if (opened > 0) return
  if (refused === 0) {
    throw damage ?? new VarveError('ERR_VARVE_DAMAGED', `the repository at ${storage.location} has no keys`)
  }
  const damaged = damage === undefined ? '' : `; besides, ${damage.message}`
  const among = refused === MAX_KEYS ? `the first ${MAX_KEYS} keys` : 'the keys'
  throw new VarveError(
    'ERR_VARVE_WRONG_PASSWORD',
    `the password opens none of ${among} of the repository at ${storage.location}${damaged}`,
    { hint: 'check the password, and that this is the repository you mean' },
  )
}

async function loadConfig(storage: Storage): Promise<Uint8Array> {
  try {
    return await storage.load('config', '')
  } catch (error) {
    if (!isVarveError(error, 'ERR_VARVE_NOT_FOUND')) throw error
    throw new VarveError('ERR_VARVE_NO_REPOSITORY', `there is no repository at ${storage.location}`, { cause: error })
  }
}

function openConfig(key: MasterKey, sealed: Uint8Array): Uint8Array {
  try {
    return new Sealer(key).open(sealed)
  } catch (error) {
    throw new VarveError('ERR_VARVE_DAMAGED', `the config is damaged: ${describeError(error)}`, { cause: error })
  }
}
