import { createCipheriv, type Cipheriv } from 'node:crypto'
import { releaseNow } from '../release-now.ts'

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

const BLOCK_SIZE = 16
const BLOCK_WORDS = BLOCK_SIZE / 4

/** Bytes up to which the keystream is made block by block: beyond, what a new cipher costs does not matter. */
export const SHORT_INPUT = 4096
/** Bytes of keystream that are made at once for several short inputs. */
const KEYSTREAM = 32 * 1024

/** Bytes that are enciphered at once beyond that. */
const PIECE = 64 * 1024

interface QueuedText {
  readonly target: Uint8Array
  readonly start: number
  readonly length: number
}

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
  readonly #counters = new Uint32Array(KEYSTREAM / 4)
  readonly #counterBytes = new Uint8Array(this.#counters.buffer)
  readonly #first = new Uint32Array(BLOCK_WORDS)
  readonly #firstBytes = new Uint8Array(this.#first.buffer)
  readonly #text = new Uint32Array(SHORT_INPUT / 4)
  readonly #textBytes = new Uint8Array(this.#text.buffer)
  readonly #queue: QueuedText[] = []
  #queuedBlocks = 0

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
    this.flush()
    const blocks = Math.ceil(input.length / BLOCK_SIZE)
    if (input.length <= SHORT_INPUT && this.#setCounters(nonce, 0, 0, blocks)) {
      target.set(this.#combine(input, this.#keystream(blocks), 0), offset)
    } else {
      this.#applyLong(nonce, input, target, offset)
    }
  }

  /** As {@link apply}, into a new buffer. */
  applyToCopy(nonce: Uint8Array, input: Uint8Array): Buffer {
    this.flush()
    const blocks = Math.ceil(input.length / BLOCK_SIZE)
    if (input.length <= SHORT_INPUT && this.#setCounters(nonce, 0, 0, blocks)) {
      return Buffer.from(this.#combine(input, this.#keystream(blocks), 0))
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

  /**
   * As {@link apply}, for text that lies where its ciphertext goes, once {@link flush} is called: the keystream of many short texts is made with
   * one call. Nothing of `target` may change until then.
   *
   * @param nonces - holds the first counter, 16 bytes, from `nonceAt` on
   * @param length - bytes of text from `start` on
   */
  enqueue(nonces: Uint8Array, nonceAt: number, target: Uint8Array, start: number, length: number): void {
    const blocks = Math.ceil(length / BLOCK_SIZE)
    if (this.#queuedBlocks + blocks > KEYSTREAM / BLOCK_SIZE) this.flush()
    if (length > SHORT_INPUT || !this.#setCounters(nonces, nonceAt, this.#queuedBlocks, blocks)) {
      const nonce = nonces.subarray(nonceAt, nonceAt + BLOCK_SIZE)
      this.#applyLong(nonce, target.subarray(start, start + length), target, start)
      return
    }
    this.#queue.push({ target, start, length })
    this.#queuedBlocks += blocks
  }

  /** Enciphers what was enqueued. */
  flush(): void {
    if (this.#queue.length === 0) return
    const stream = this.#keystream(this.#queuedBlocks)
    let block = 0
    for (const { target, start, length } of this.#queue) {
      const text = target.subarray(start, start + length)
      target.set(this.#combine(text, stream, block), start)
      block += Math.ceil(length / BLOCK_SIZE)
    }
    this.#queue.length = 0
    this.#queuedBlocks = 0
  }

  /** Lays out the counters of some blocks, from the block `at` on; false in the rare case that more than their last word changes. */
  #setCounters(nonces: Uint8Array, nonceAt: number, at: number, blocks: number): boolean {
    const counters = this.#counters
    for (let byte = 0; byte < BLOCK_SIZE; byte++) this.#firstBytes[byte] = nonces[nonceAt + byte] ?? 0
    const [word0 = 0, word1 = 0, word2 = 0, word3 = 0] = this.#first
    const first = bigEndian(word3)
    if (first + blocks > 0xffff_ffff) return false
    for (let block = 0, word = at * BLOCK_WORDS; block < blocks; block++, word += BLOCK_WORDS) {
      counters[word] = word0
      counters[word + 1] = word1
      counters[word + 2] = word2
      counters[word + 3] = bigEndian(first + block)
    }
    return true
  }

  /** The keystream of the counters that are laid out. */
  #keystream(blocks: number): Uint32Array {
    const stream = this.#blockCipher.update(this.#counterBytes.subarray(0, blocks * BLOCK_SIZE))
    return new Uint32Array(stream.buffer, stream.byteOffset, blocks * BLOCK_WORDS)
  }

  /** The result lies in memory that the next call overwrites. */
  #combine(input: Uint8Array, stream: Uint32Array, block: number): Uint8Array {
    const { length } = input
    const text = this.#text
    const words = Math.ceil(length / 4)
    const from = block * BLOCK_WORDS
    this.#textBytes.set(input)
    for (let word = 0; word < words; word++) text[word] = (text[word] ?? 0) ^ (stream[from + word] ?? 0)
    return this.#textBytes.subarray(0, length)
  }
}

/** A word of the counter, which is big-endian, as this machine has it, and the other way round. */
function bigEndian(word: number): number {
  if (!LITTLE_ENDIAN) return word
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}
