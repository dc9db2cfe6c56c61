import { createCipheriv, type Cipheriv } from 'node:crypto'
import { releaseNow } from '../release-now.ts'

const BLOCK_SIZE = 16
const BLOCK_WORDS = BLOCK_SIZE / 4

/** Bytes up to which the keystream is made block by block: beyond, what a new cipher costs does not matter. */
const SHORT = 4096

/** Bytes that are enciphered at once beyond that. */
const PIECE = 64 * 1024

/**
 * AES-256 in counter mode (NIST SP 800-38A, the counter being the whole block). Enciphering and deciphering are the same.
 *
 * Making a cipher for each nonce takes longer than enciphering a small file with it. Short inputs are therefore combined here with a keystream
 * that one living AES cipher makes from the counters, which is what counter mode is. (Counters that went on from one input to
 * the next would need one living cipher in counter mode only; see `Sealer` for why not.)
 */
export class CtrCipher {
  readonly #key: Buffer
  readonly #blockCipher: Cipheriv
  readonly #counters = new Uint32Array(SHORT / 4)
  readonly #counterBytes = new Uint8Array(this.#counters.buffer)
  readonly #counterView = new DataView(this.#counters.buffer)
  readonly #text = new Uint32Array(SHORT / 4)
  readonly #textBytes = new Uint8Array(this.#text.buffer)

  /** @param key - 32 bytes, which are copied */
  constructor(key: Uint8Array) {
    this.#key = Buffer.from(key)
    this.#blockCipher = createCipheriv('aes-256-ecb', this.#key, null).setAutoPadding(false)
  }

  /**
   * Writes the combination of `input` and the keystream of `nonce` into `target` from `offset` on.
   * @param nonce - 16 bytes: the first counter
   */
  apply(nonce: Uint8Array, input: Uint8Array, target: Uint8Array, offset: number): void {
    if (input.length <= SHORT && this.#setCounters(nonce, Math.ceil(input.length / BLOCK_SIZE))) {
      target.set(this.#applyShort(input), offset)
    } else {
      this.#applyLong(nonce, input, target, offset)
    }
  }

  /** As {@link apply}, into a new buffer. */
  applyToCopy(nonce: Uint8Array, input: Uint8Array): Buffer {
    if (input.length <= SHORT && this.#setCounters(nonce, Math.ceil(input.length / BLOCK_SIZE))) {
      return Buffer.from(this.#applyShort(input))
    }
    return createCipheriv('aes-256-ctr', this.#key, nonce).update(input)
  }

  /** Node makes a new buffer for each piece: given back at once, the next piece gets the same memory, which is in the cache. */
  #applyLong(nonce: Uint8Array, input: Uint8Array, target: Uint8Array, offset: number): void {
    const cipher = createCipheriv('aes-256-ctr', this.#key, nonce)
    for (let start = 0; start < input.length; start += PIECE) {
      const piece = cipher.update(input.subarray(start, start + PIECE))
      target.set(piece, offset + start)
      releaseNow(piece)
    }
  }

  /** Lays out the counters of `blocks` blocks; false in the rare case that more than their last word changes. */
  #setCounters(nonce: Uint8Array, blocks: number): boolean {
    const counters = this.#counters
    this.#counterBytes.set(nonce)
    const first = this.#counterView.getUint32(BLOCK_SIZE - 4)
    if (first + blocks > 0xffff_ffff) return false
    const word0 = counters[0] ?? 0
    const word1 = counters[1] ?? 0
    const word2 = counters[2] ?? 0
    for (let block = 1, at = BLOCK_WORDS; block < blocks; block++, at += BLOCK_WORDS) {
      counters[at] = word0
      counters[at + 1] = word1
      counters[at + 2] = word2
      this.#counterView.setUint32(block * BLOCK_SIZE + BLOCK_SIZE - 4, first + block)
    }
    return true
  }

  /** The result lies in memory that the next call overwrites. */
  #applyShort(input: Uint8Array): Uint8Array {
    const { length } = input
    const text = this.#text
    const words = Math.ceil(length / 4)
    const stream = this.#blockCipher.update(this.#counterBytes.subarray(0, Math.ceil(length / BLOCK_SIZE) * BLOCK_SIZE))
    const streamWords = new Uint32Array(stream.buffer, stream.byteOffset, words)
    this.#textBytes.set(input)
    for (let word = 0; word < words; word++) text[word] = (text[word] ?? 0) ^ (streamWords[word] ?? 0)
    return this.#textBytes.subarray(0, length)
  }
}
