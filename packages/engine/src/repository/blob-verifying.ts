import { createCipheriv, createMac, hash, type Cipheriv } from 'node:crypto'
import { isVarveError } from '@varve/platform/errors'
import { BlobOpener, wrongHash } from './blob-opening.ts'
import { SEAL_OVERHEAD } from './blob.ts'
import { CtrCipher } from './ctr-cipher.ts'
import type { MasterKey } from './master-key.ts'
import type { PackedBlobs } from './packed-blobs.ts'
import { NONCE_SIZE, Sealer } from './sealing.ts'

const TAG_SIZE = SEAL_OVERHEAD - NONCE_SIZE

/** Blobs that are opened together: what a call costs does not matter any more then. */
const OPENED_TOGETHER = 256
/** Bytes from which on no more are: what was looked at for its seal should still be in the processor's cache when it is deciphered and hashed. */
const ENOUGH_TOGETHER = 128 * 1024

/** What is known of blobs, by their numbers. */
export type KnownBlobs = Pick<PackedBlobs, 'offset' | 'length' | 'uncompressedLength' | 'hasId' | 'blob'>

/** Takes the content of a blob that was verified, by its number; the bytes are valid as long as it runs. */
export type TakeContent = (at: number, content: Uint8Array) => void

/** A blob that is not what it should be. */
export interface DamagedBlob {
  /** Its number. */
  readonly at: number
  readonly message: string
}

/**
 * Opens and verifies all blobs of a piece of a pack as `BlobOpener` does one blob, mostly for those who do not want their content. Most blobs are short: what takes
 * time is less to open them than to begin with each of them, so they are opened many at a time, and nothing is made for each.
 */
export class BlobVerifier {
  readonly #opener: BlobOpener
  readonly #cipher: CtrCipher
  /** As in `Sealer`: `r ‖ AES-128_k(nonce)`, and AES-128_k. */
  readonly #macKey = Buffer.alloc(32)
  readonly #macCipher: Cipheriv
  /** Numbers of the blobs that are opened next, and their nonces. */
  readonly #group: number[] = []
  readonly #nonces = Buffer.alloc(OPENED_TOGETHER * NONCE_SIZE)

  /** @param key - its bytes are copied */
  constructor(key: MasterKey) {
    this.#opener = new BlobOpener(new Sealer(key))
    this.#cipher = new CtrCipher(key.encrypt)
    this.#macKey.set(key.macR)
    this.#macCipher = createCipheriv('aes-128-ecb', key.macK, null).setAutoPadding(false)
  }

  /**
   * Verifies blobs. They are opened in place: the bytes are gone then.
   *
   * @param bytes - a piece of a pack
   * @param offset - where in the pack it begins
   * @param blobs - `from` to `to` of these should be in it
   * @param take - for those who do want their content
   */
  verify(
    bytes: Uint8Array,
    offset: number,
    blobs: KnownBlobs,
    from: number,
    to: number,
    take?: TakeContent,
  ): readonly DamagedBlob[] {
    const damaged: DamagedBlob[] = []
    let end = 0
    let groupStart = 0
    for (let at = from; at < to; at++) {
      const start = blobs.offset(at) - offset
      // One that would lie over the one before is a false index's; opening them in turn shows that.
      if (this.#group.length === OPENED_TOGETHER || start < end || start - groupStart >= ENOUGH_TOGETHER) {
        this.#openGroup(bytes, offset, blobs, damaged, take)
        groupStart = start
      }
      end = start + blobs.length(at)
      if (end <= bytes.length && this.#takeNonce(bytes, start)) this.#group.push(at)
      else this.#openAlone(bytes, offset, blobs, at, damaged, take)
    }
    this.#openGroup(bytes, offset, blobs, damaged, take)
    return damaged
  }

  /** Puts a nonce behind those of the group. @returns whether it is one: none is all zeros */
  #takeNonce(bytes: Uint8Array, start: number): boolean {
    const nonces = this.#nonces
    const to = this.#group.length * NONCE_SIZE
    let any = 0
    for (let byte = 0; byte < NONCE_SIZE; byte++) any |= nonces[to + byte] = bytes[start + byte] ?? 0
    return any !== 0
  }

  #openGroup(
    bytes: Uint8Array,
    offset: number,
    blobs: KnownBlobs,
    damaged: DamagedBlob[],
    take: TakeContent | undefined,
  ): void {
    const group = this.#group
    if (group.length === 0) return
    const nonceBlocks = this.#macCipher.update(this.#nonces.subarray(0, group.length * NONCE_SIZE))
    const whole: number[] = []
    for (const [i, at] of group.entries()) {
      const start = blobs.offset(at) - offset + NONCE_SIZE
      const length = blobs.length(at) - SEAL_OVERHEAD
      nonceBlocks.copy(this.#macKey, NONCE_SIZE, i * NONCE_SIZE, (i + 1) * NONCE_SIZE)
      if (this.#isSealed(bytes, start, start + length)) {
        whole.push(at)
        this.#cipher.enqueue(this.#nonces, i * NONCE_SIZE, bytes, start, length)
      } else this.#openAlone(bytes, offset, blobs, at, damaged, take)
    }
    this.#cipher.flush()
    group.length = 0
    for (const at of whole) {
      const start = blobs.offset(at) - offset + NONCE_SIZE
      const opened = bytes.subarray(start, start + blobs.length(at) - SEAL_OVERHEAD)
      const content = this.#contentIfSound(opened, blobs, at, damaged)
      if (content !== undefined) take?.(at, content)
    }
  }

  /** Whether the tag behind a ciphertext is the right one. */
  #isSealed(bytes: Uint8Array, start: number, end: number): boolean {
    const tag = createMac('poly1305', this.#macKey).update(bytes.subarray(start, end)).final('latin1')
    let different = 0
    for (let byte = 0; byte < TAG_SIZE; byte++) different |= tag.charCodeAt(byte) ^ (bytes[end + byte] ?? 0)
    return different === 0
  }

  #contentIfSound(opened: Uint8Array, blobs: KnownBlobs, at: number, damaged: DamagedBlob[]): Uint8Array | undefined {
    try {
      const content = this.#opener.decompress(opened, blobs.uncompressedLength(at))
      const found = hash('sha256', content, 'latin1')
      if (!blobs.hasId(at, found)) throw wrongHash()
      return content
    } catch (error) {
      noteDamage(damaged, at, error)
      return undefined
    }
  }

  /** What is not right is opened by whoever says what is wrong with it. */
  #openAlone(
    bytes: Uint8Array,
    offset: number,
    blobs: KnownBlobs,
    at: number,
    damaged: DamagedBlob[],
    take: TakeContent | undefined,
  ): void {
    const blob = blobs.blob(at)
    const start = blob.offset - offset
    let content
    try {
      content = this.#opener.open(bytes.subarray(start, start + blob.length), blob)
    } catch (error) {
      noteDamage(damaged, at, error)
      return
    }
    take?.(at, content)
  }
}

/** @throws what is no damage */
function noteDamage(damaged: DamagedBlob[], at: number, error: unknown): void {
  if (!isVarveError(error)) throw error
  damaged.push({ at, message: error.message })
}
