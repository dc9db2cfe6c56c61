import { pbkdf2Sync, scrypt } from 'node:crypto'
import { endianness } from 'node:os'
import { defaultWorkerCount, WorkerPool, workerUrl } from '@varve/platform/workers'
import type { KeyDerivation } from './key-derivation.ts'
import { MAX_LANE_SIZE, tableSize } from './scrypt-lane.ts'
import type { ScryptThreadData } from './scrypt-worker.ts'

/** Bytes of memory for speed: of restic's keys, two lanes at once take so much. What asks for more for one lane is left to OpenSSL. */
const MAX_MEMORY = 32 * 1024 ** 2
/** Bytes to be mixed from which on threads are worth starting. */
const MIN_WORK = 16 * 1024 ** 2

/**
 * scrypt (RFC 7914), computed outside the thread that asks: where it pays by several threads of our own, a lane each, and otherwise by OpenSSL, which
 * takes the lanes one after the other.
 *
 * @param parameters - checked already
 * @param length - bytes of the result
 */
export async function deriveByScrypt(
  password: string,
  salt: Uint8Array,
  parameters: KeyDerivation,
  length: number,
): Promise<Uint8Array> {
  const { N, r, p } = parameters
  const fits = 128 * r <= MAX_LANE_SIZE && tableSize(N, r) <= MAX_MEMORY && endianness() === 'LE'
  return fits && 128 * N * r * p >= MIN_WORK
    ? await deriveInThreads(password, salt, parameters, length)
    : await deriveByOpenSsl(password, salt, parameters, length)
}

/** As {@link deriveByScrypt}, by OpenSSL. */
export async function deriveByOpenSsl(
  password: string,
  salt: Uint8Array,
  { N, r, p }: KeyDerivation,
  length: number,
): Promise<Uint8Array> {
  // Node counts the whole working memory, not only the part that RFC 7914 names, and refuses what is over the limit.
  const maxmem = 128 * r * (N + p + 2) + 1024 * 1024
  return await new Promise<Buffer>((resolve, reject) => {
    scrypt(password, salt, length, { N, r, p, maxmem }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}

/** As {@link deriveByScrypt}, by our own threads. @param parameters - such that 128·r is at most 65,536, and 64·r·N at most 32 MiB */
export async function deriveInThreads(
  password: string,
  salt: Uint8Array,
  { N, r, p }: KeyDerivation,
  length: number,
): Promise<Uint8Array> {
  const size = 128 * r
  const workerData: ScryptThreadData = { N, r }
  const pool = new WorkerPool<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    module: workerUrl(import.meta.url, './scrypt-worker'),
    workerData,
    size: Math.min(p, defaultWorkerCount(), Math.floor(MAX_MEMORY / tableSize(N, r))),
  })
  try {
    const lanes = new Uint8Array(pbkdf2Sync(password, salt, 1, p * size, 'sha256'))
    const mixed = await Promise.all(
      Array.from({ length: p }, (_, lane) => pool.run(lanes.slice(lane * size, (lane + 1) * size))),
    )
    return pbkdf2Sync(password, Buffer.concat(mixed), 1, length, 'sha256')
  } finally {
    await pool.close()
  }
}
