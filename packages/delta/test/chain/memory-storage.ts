import { VarveError } from '@varve/platform/errors'
import type { ChainStorage, StoredObject } from '../../src/chain/chain-storage.ts'

/** Objects in memory, where tests can look at them, harm them, and have calls fail. */
export class MemoryStorage implements ChainStorage {
  readonly location = 'memory'
  readonly objects = new Map<string, Buffer>()
  /** Names of all objects that were read. */
  readonly reads: string[] = []
  /** Changes that are still carried out; the next one fails. */
  changesLeft = Infinity

  async put(name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = []
    for await (const bytes of content) parts.push(Uint8Array.from(bytes))
    this.#change()
    this.objects.set(name, Buffer.concat(parts))
  }

  async *get(name: string): AsyncGenerator<Uint8Array> {
    this.reads.push(name)
    const bytes = this.objects.get(name)
    if (bytes === undefined) throw new VarveError('ERR_VARVE_NOT_FOUND', `there is no '${name}'`)
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
  }

  async list(): Promise<readonly StoredObject[]> {
    return [...this.objects].map(([name, { length: size }]) => ({ name, size }))
  }

  async remove(name: string): Promise<void> {
    this.#change()
    this.objects.delete(name)
  }

  #change(): void {
    if (this.changesLeft-- > 0) return
    throw new VarveError('ERR_VARVE_STORAGE', 'the storage does not answer')
  }
}
