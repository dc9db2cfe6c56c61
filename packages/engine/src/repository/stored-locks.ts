import { isVarveError } from '@varve/platform/errors'
import { parseId, type Id } from './id.ts'
import { inOrder } from './in-order.ts'
import { decodeLock, type StoredLock } from './lock-file.ts'
import type { OpenRepository } from './repository.ts'

const CONCURRENT_LOADS = 8

/**
 * All locks of a repository but one. Empty files are what some storages leave of an interrupted save, and no locks.
 *
 * @param except - the lock to leave out
 * @throws ERR_VARVE_DAMAGED naming a lock that cannot be read, ERR_VARVE_STORAGE
 */
export async function loadLocks(repository: OpenRepository, except: Id | undefined): Promise<readonly StoredLock[]> {
  const files = (await repository.storage.list('lock')).filter(({ name, size }) => size > 0 && name !== except)
  const locks: StoredLock[] = []
  for await (const lock of inOrder(files, CONCURRENT_LOADS, ({ name }) => loadLock(repository, parseId(name)))) {
    if (lock !== undefined) locks.push(lock)
  }
  return locks
}

/**
 * A lock, or undefined where it has been removed meanwhile.
 * @throws ERR_VARVE_DAMAGED naming the lock, ERR_VARVE_STORAGE
 */
export async function loadLock(repository: OpenRepository, id: Id): Promise<StoredLock | undefined> {
  try {
    return decodeLock(await repository.loadUnpacked('lock', id), id)
  } catch (error) {
    if (isVarveError(error, 'ERR_VARVE_NOT_FOUND')) return undefined
    throw error
  }
}

/**
 * Removes a lock.
 * @returns whether it was still there
 * @throws ERR_VARVE_STORAGE
 */
export async function removeLock(repository: OpenRepository, id: Id): Promise<boolean> {
  try {
    await repository.removeUnpacked('lock', id)
    return true
  } catch (error) {
    if (isVarveError(error, 'ERR_VARVE_NOT_FOUND')) return false
    throw error
  }
}
