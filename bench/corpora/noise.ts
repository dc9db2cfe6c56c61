import { createCipheriv } from 'node:crypto'

/** Bytes of a piece of noise. */
export const MEBIBYTE = 1024 * 1024
const ZEROS = Buffer.alloc(MEBIBYTE)

/** Bytes that nothing can compress, always the same for one seed: a stream of pieces of 1 MiB. */
export class Noise {
  readonly #keystream

  constructor(seed: number) {
    const key = Buffer.alloc(16, 1)
    key.writeUInt32LE(seed, 0)
    this.#keystream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  }

  /** The next MiB. */
  next(): Buffer {
    return this.#keystream.update(ZEROS)
  }

  /** The next MiB, made compressible to less than half: eight levels with runs, as a smooth picture has. */
  nextSmooth(): Buffer {
    const noise = this.next()
    const bytes = Buffer.allocUnsafe(MEBIBYTE)
    for (let at = 0; at < MEBIBYTE; at++) bytes[at] = (noise[at >> 1] ?? 0) & 0x1c
    return bytes
  }
}

/** The part of a large corpus with this number, 1 MiB: every second one is incompressible. */
export function block(noise: Noise, number: number): Buffer {
  return number % 2 === 0 ? noise.next() : noise.nextSmooth()
}
