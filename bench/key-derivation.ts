import { openStorage } from '@varve/engine'
import type { Contestant } from './contestants/contestant.ts'

/** What the password of a repository is put through; undefined where it is not in restic's format. */
export async function describeKeyDerivation({ location }: Contestant): Promise<string | undefined> {
  if (location === undefined) return undefined
  const storage = await openStorage(location)
  try {
    const [key] = await storage.list('key')
    if (key === undefined) return undefined
    const { kdf, N, r, p } = JSON.parse(Buffer.from(await storage.load('key', key.name)).toString()) as Record<
      string,
      unknown
    >
    return `${String(kdf)}, N ${String(N)}, r ${String(r)}, p ${String(p)}`
  } finally {
    await storage.close()
  }
}
