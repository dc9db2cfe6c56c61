import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { toFsPath, writeDurably } from '@varve/platform'
import { decodeIncrement } from '../increment/decode-increment.ts'
import { encodeIncrement } from '../increment/encode-increment.ts'
import type { Increment } from '../increment/increment.ts'

/**
 * Makes or replaces an increment's metadata, entirely or not at all, after having read it as everybody else will.
 *
 * @param path - absolute path of the metadata
 * @throws ERR_VARVE_STORAGE; a plain Error where it cannot be read as it was meant
 */
export async function writeMetadata(path: string, increment: Increment): Promise<void> {
  const bytes = encodeIncrement(increment)
  requireSame(bytes, increment)
  await writeDurably(path, async (file) => {
    await file.writeFile(bytes)
  })
  requireSame(readFileSync(toFsPath(path)), increment)
}

function requireSame(bytes: Uint8Array, increment: Increment): void {
  const what = `the metadata of '${increment.name}'`
  if (!isDeepStrictEqual(decodeIncrement(bytes, what), increment)) throw new Error(`${what} says something else`)
}
