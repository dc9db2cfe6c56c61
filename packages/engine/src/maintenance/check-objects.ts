import { isVarveError, throwIfAborted, type VarveError } from '@varve/platform/errors'
import { decodeConfig } from '../repository/config-file.ts'
import { idOf, parseId, type Id } from '../repository/id.ts'
import { inOrder } from '../repository/in-order.ts'
import type { OpenRepository } from '../repository/repository.ts'
import { Sealer } from '../repository/sealing.ts'
import type { StoredSnapshot } from '../repository/snapshot.ts'
import { timestampToNanoseconds } from '../repository/timestamp.ts'
import type { StoredFile } from '../storage/storage.ts'
import type { CheckFindings } from './check-findings.ts'

/** Snapshots that are read at the same time. */
const CONCURRENT_LOADS = 8

/** Reads the config again, as it may have changed since the repository was opened, and all keys, whose names are their hashes. */
export async function checkConfigAndKeys(repository: OpenRepository, out: CheckFindings): Promise<void> {
  try {
    const json = new Sealer(repository.key).open(await repository.storage.load('config', ''))
    if (decodeConfig(json).id !== repository.config.id) {
      out.add({ kind: 'damaged-config', message: 'the config is that of another repository' })
    }
  } catch (error) {
    if (!isVarveError(error)) throw error
    out.add({ kind: 'damaged-config', message: `the config cannot be read: ${error.message}` })
  }
  const keys = (await repository.storage.list('key')).map(({ name }) => parseId(name))
  if (!keys.includes(repository.keyId)) {
    const message = `key ${repository.keyId}, with which the repository was opened, is missing`
    out.add({ kind: 'damaged-key', key: repository.keyId, message })
  }
  for (const key of keys) {
    try {
      const hash = idOf(await repository.storage.load('key', key))
      if (hash === key) continue
      out.add({ kind: 'damaged-key', key, message: `key ${key} is damaged: its content has the hash ${hash}` })
    } catch (error) {
      if (!isVarveError(error)) throw error
      out.add({ kind: 'damaged-key', key, message: `key ${key} cannot be read: ${error.message}` })
    }
  }
}

/** What was read, or why it could not be. */
export type Read<T> = { readonly id: Id; readonly value: T } | { readonly id: Id; readonly error: VarveError }

/** Reads all objects of a kind, some at the same time, in the order of their names. */
export async function* readAll<T>(
  files: readonly StoredFile[],
  concurrency: number,
  load: (id: Id) => Promise<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Read<T>> {
  const ids = files.map(({ name }) => parseId(name)).toSorted()
  yield* inOrder(ids, concurrency, async (id): Promise<Read<T>> => {
    throwIfAborted(signal)
    try {
      return { id, value: await load(id) }
    } catch (error) {
      if (!isVarveError(error)) throw error
      return { id, error }
    }
  })
}

/**
 * Reads all snapshots that can be read, oldest first. One that is removed meanwhile is none: partial ones go while others use the repository.
 * @throws ERR_VARVE_ABORTED
 */
export async function readSnapshots(
  repository: OpenRepository,
  out: CheckFindings,
  signal?: AbortSignal,
): Promise<readonly StoredSnapshot[]> {
  const snapshots: { readonly time: bigint; readonly snapshot: StoredSnapshot }[] = []
  const stored = await repository.storage.list('snapshot')
  for await (const read of readAll(stored, CONCURRENT_LOADS, (id) => repository.loadSnapshot(id), signal)) {
    if ('error' in read) {
      if (read.error.code === 'ERR_VARVE_NOT_FOUND' && !(await isListed(repository, read.id))) continue
      out.add({ kind: 'damaged-snapshot', snapshot: read.id, message: read.error.message })
    } else snapshots.push({ time: timestampToNanoseconds(read.value.time), snapshot: read.value })
  }
  snapshots.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  return snapshots.map(({ snapshot }) => snapshot)
}

async function isListed(repository: OpenRepository, snapshot: Id): Promise<boolean> {
  return (await repository.storage.list('snapshot')).some(({ name }) => name === snapshot)
}
