import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { throwIfAborted, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { writeAll, writeDurably } from '@varve/platform'
import type { ChainStorage } from './chain-storage.ts'
import type { BackupObject } from './manifest.ts'

/**
 * Puts a file into a storage.
 * @returns what was put there
 * @throws ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
 */
export async function putFile(
  storage: ChainStorage,
  name: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<BackupObject> {
  const hash = createHash('sha256')
  let size = 0
  async function* content(): AsyncGenerator<Uint8Array> {
    for await (const bytes of createReadStream(toFsPath(path), { highWaterMark: 256 << 10 })) {
      throwIfAborted(signal)
      hash.update(bytes as Buffer)
      size += (bytes as Buffer).length
      yield bytes as Buffer
    }
  }
  await storage.put(name, content())
  return { name, size, sha256: hash.digest('hex') }
}

/**
 * Copies an object to a file, and verifies it.
 * @throws ERR_VARVE_DAMAGED where it is not what was put there; ERR_VARVE_NOT_FOUND, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
 */
export async function getFile(
  storage: ChainStorage,
  { name, size, sha256 }: BackupObject,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await writeDurably(path, async (file) => {
    const hash = createHash('sha256')
    let got = 0
    for await (const bytes of storage.get(name)) {
      throwIfAborted(signal)
      got += bytes.length
      // Nobody fills a disk with what is not going to be right.
      if (got > size) break
      hash.update(bytes)
      await writeAll(file, bytes)
    }
    if (got === size && hash.digest('hex') === sha256) return
    throw new VarveError('ERR_VARVE_DAMAGED', `'${name}' in '${storage.location}' is not what was put there`)
  })
}
