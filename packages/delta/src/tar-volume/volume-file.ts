import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Writable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { type Compression, compressor } from './compression.ts'
import { DurableFile } from './durable-file.ts'

/** What a volume's file is, once it is written. */
export interface VolumeFileFacts {
  /** Of the file, in bytes. */
  readonly size: number
  /** Of the tar in it, in bytes. */
  readonly length: number
  /** Of the file, in hexadecimal. */
  readonly sha256: string
}

/** Bytes that are gathered before they are compressed or written: a call for each header would cost more than its work. */
const GATHERED = 256 << 10

/** A volume that is being written: bytes of a tar in, a compressed file out, which has its name only when it is whole. */
export class VolumeFile {
  readonly #file: DurableFile
  readonly #input: Transform | undefined
  readonly #done: Promise<void> | undefined
  readonly #hash = createHash('sha256')
  #gathered = Buffer.allocUnsafeSlow(GATHERED)
  #fill = 0
  #size = 0
  #length = 0

  private constructor(file: DurableFile, compression: Compression) {
    this.#file = file
    this.#input = compressor(compression)
    if (this.#input === undefined) return
    const sink = new Writable({
      write: (bytes: Buffer, _, done) => void this.#store(bytes).then(() => done(), done),
    })
    this.#done = pipeline(this.#input, sink)
    // Whoever writes next or finishes gets the failure.
    this.#done.catch(() => undefined)
  }

  /** Begins a volume. @throws ERR_VARVE_STORAGE */
  static async begin(path: string, compression: Compression): Promise<VolumeFile> {
    return new VolumeFile(await attempt(path, () => DurableFile.begin(path)), compression)
  }

  /** Bytes of tar so far. */
  get length(): number {
    return this.#length
  }

  /** Adds bytes to the tar. They may be used again as soon as this resolves. @throws ERR_VARVE_STORAGE */
  async write(bytes: Uint8Array): Promise<void> {
    this.#length += bytes.length
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + GATHERED - this.#fill)
      this.#gathered.set(part, this.#fill)
      this.#fill += part.length
      at += part.length
      if (this.#fill === GATHERED) await this.#pass()
    }
  }

  /** Ends the volume and gives the file its name. @throws ERR_VARVE_STORAGE */
  async finish(): Promise<VolumeFileFacts> {
    await this.#pass()
    await attempt(this.#file.path, async () => {
      this.#input?.end()
      await this.#done
      await this.#file.commit()
    })
    return { size: this.#size, length: this.#length, sha256: this.#hash.digest('hex') }
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    this.#input?.destroy()
    await this.#done?.catch(() => undefined)
    await this.#file.discard()
  }

  async #pass(): Promise<void> {
    const bytes = this.#gathered.subarray(0, this.#fill)
    this.#fill = 0
    if (bytes.length === 0) return
    await attempt(this.#file.path, async () => {
      if (this.#input === undefined) {
        await this.#store(bytes)
        return
      }
      // What a stream was given is its own.
      this.#gathered = Buffer.allocUnsafeSlow(GATHERED)
      if (!this.#input.write(bytes)) await Promise.race([once(this.#input, 'drain'), this.#done])
    })
  }

  async #store(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes)
    this.#size += bytes.length
    await this.#file.write(bytes)
  }
}

/** Does something with a file that is being written; what the system says against it becomes ERR_VARVE_STORAGE and names the file. */
export async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    throw new VarveError('ERR_VARVE_STORAGE', `cannot write '${path}': ${describeError(error)}`, { cause: error })
  }
}
