import { randomBytes } from 'node:crypto'
import { randomIrreducible } from '../chunking/polynomial.ts'
import { VarveError, isVarveError } from '@varve/platform/errors'
import { currentPlatform } from '@varve/platform'
import { createStorage } from '../storage/open-storage.ts'
import type { Storage } from '../storage/storage.ts'
import type { Compression } from './compression.ts'
import { encodeConfig } from './config-file.ts'
import { calibrateKeyDerivation, type KeyDerivation } from './key-derivation.ts'
import { encodeKeyFile, randomMasterKey } from './key-file.ts'
import type { MasterKey } from './master-key.ts'
import { openKeys, openRepository } from './open-repository.ts'
import type { OpenRepository } from './repository.ts'
import { Sealer } from './sealing.ts'
import { timestampNow } from './timestamp.ts'

/** What a new repository shall be like. */
export interface CreateOptions {
  /** Where it shall be, or the storage that shall hold it; that is closed with the repository. */
  readonly storage: Storage | string
  /** May be empty. */
  readonly password: string
  /** Version of the format; 2 if left out. Version 1 cannot compress. */
  readonly version?: 1 | 2 | undefined
  /** Of another repository, so that both cut files in the same places; a random one if left out. */
  readonly chunkerPolynomial?: bigint | undefined
  /** How hard to compress what will be saved; `auto` if left out. */
  readonly compression?: Compression | undefined
  /** How hard to make trying passwords; about half a second on this machine if left out. */
  readonly kdf?: KeyDerivation | undefined
}

/**
 * Makes a repository: its key first and its config, which makes it one, last. Where an interrupted call left a key
 * that the password opens, that one is used.
 *
 * @throws ERR_VARVE_REPOSITORY_EXISTS where there is one, or data of one; ERR_VARVE_STORAGE
 */
export async function createRepository(options: CreateOptions): Promise<OpenRepository> {
  const { storage: where, password, version = 2, compression } = options
  const storage = typeof where === 'string' ? await createStorage(where) : where
  try {
    await refuseExisting(storage)
    const key = (await leftOverKey(storage, password)) ?? (await saveNewKey(storage, password, options.kdf))
    const config = encodeConfig({
      version,
      id: randomBytes(32).toString('hex'),
      chunkerPolynomial: options.chunkerPolynomial ?? randomIrreducible(),
    })
    // Making the key took a while: somebody else may have been faster.
    await refuseExisting(storage)
    await storage.save('config', '', new Sealer(key).seal(config))
    return await openRepository({ storage, password, compression })
  } catch (error) {
    if (typeof where === 'string') await storage.close()
    throw error
  }
}

async function refuseExisting(storage: Storage): Promise<void> {
  if ((await storage.stat('config', '')) !== undefined) {
    throw new VarveError('ERR_VARVE_REPOSITORY_EXISTS', `there already is a repository at ${storage.location}`)
  }
  for (const type of ['snapshot', 'index', 'pack'] as const) {
    if ((await storage.list(type)).length === 0) continue
    throw new VarveError(
      'ERR_VARVE_REPOSITORY_EXISTS',
      `${storage.location} holds a repository that has lost its config`,
      {
        hint: 'bring the config back from a copy; a new one would make what is there unreadable',
      },
    )
  }
}

async function leftOverKey(storage: Storage, password: string): Promise<MasterKey | undefined> {
  if ((await storage.list('key')).length === 0) return undefined
  try {
    for await (const { key } of openKeys(storage, password)) return key
  } catch (error) {
    if (!isVarveError(error, 'ERR_VARVE_WRONG_PASSWORD') && !isVarveError(error, 'ERR_VARVE_DAMAGED')) throw error
  }
  return undefined
}

async function saveNewKey(storage: Storage, password: string, kdf: KeyDerivation | undefined): Promise<MasterKey> {
  const platform = currentPlatform()
  const key = randomMasterKey()
  const file = await encodeKeyFile(key, password, kdf ?? (await calibrateKeyDerivation()), {
    created: timestampNow(),
    username: platform.accounts.currentUser().name,
    hostname: platform.hostName(),
  })
  await storage.save('key', file.id, file.bytes)
  return key
}
