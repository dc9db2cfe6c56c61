import { createCipheriv, createMac, randomFillSync, timingSafeEqual, type Cipheriv } from 'node:crypto'
import { VarveError } from '../errors.ts'
import { SEAL_OVERHEAD } from './blob.ts'
import type { MasterKey } from './master-key.ts'

declare module 'node:crypto' {
  /** A message authentication code, since Node 26.9 (the type definitions do not know it yet). */
  interface MessageAuthenticationCode {
    update(data: Uint8Array): this
    final(): Buffer
  }
  function createMac(algorithm: 'poly1305', key: Uint8Array): MessageAuthenticationCode
}

const NONCE_SIZE = 16
const TAG_SIZE = 16
const BLOCK_SIZE = 16

/** Nonces drawn from the system at once: a call for sixteen bytes costs as much as one for four thousand. */
const NONCES_PER_DRAW = 256

/**
 * Seals and opens with restic's scheme (`internal/repository/crypto`): a random 16-byte nonce, AES-256-CTR, and a Poly1305-AES tag
 * (D. J. Bernstein, "The Poly1305-AES message-authentication code", 2005) over the ciphertext. Sealed bytes are `nonce ‖ ciphertext ‖ tag`.
 *
 * Every nonce is random and independent, as restic's are. Counters that simply went on from blob to blob would be as safe for
 * AES-CTR and cheaper, but they would show where in a pack each blob ends, which the sealed header is there to hide: lengths of
 * chunks tell what a known file is.
 */
export class Sealer {
  readonly #encryptKey: Buffer
  /** `r ‖ AES-128_k(nonce)`; r stays as stored, since Poly1305 clamps it when it is used. */
  readonly #macKey = Buffer.alloc(32)
  /** Lives as long as the sealer: making a cipher costs several times what one block does. */
  readonly #nonceCipher: Cipheriv
  readonly #nonces = Buffer.alloc(NONCES_PER_DRAW * NONCE_SIZE)
  #nextNonce = this.#nonces.length

  /**
   * @param key - the key; its bytes are copied
   * @throws ERR_VARVE_DAMAGED where a part of the key is all zeros or of the wrong length
   */
  constructor(key: MasterKey) {
    if (!isValidKey(key)) throw new VarveError('ERR_VARVE_DAMAGED', 'the key is not valid')
    this.#encryptKey = Buffer.from(key.encrypt)
    this.#macKey.set(key.macR)
    this.#nonceCipher = createCipheriv('aes-128-ecb', key.macK, null).setAutoPadding(false)
  }

  /**
   * Seals `plain` into `target` from `offset` on.
   * @returns bytes written: {@link SEAL_OVERHEAD} more than `plain` has
   */
  sealInto(plain: Uint8Array, target: Uint8Array, offset: number): number {
    const length = plain.length + SEAL_OVERHEAD
    if (offset + length > target.length) throw new Error('no room for the sealed bytes')
    const nonce = this.#drawNonce()
    target.set(nonce, offset)
    target.set(createCipheriv('aes-256-ctr', this.#encryptKey, nonce).update(plain), offset + NONCE_SIZE)
    const ciphertext = target.subarray(offset + NONCE_SIZE, offset + NONCE_SIZE + plain.length)
    target.set(this.#tag(nonce, ciphertext), offset + NONCE_SIZE + plain.length)
    return length
  }

  /** Seals `plain` into a new buffer. */
  seal(plain: Uint8Array): Buffer {
    const sealed = Buffer.allocUnsafeSlow(plain.length + SEAL_OVERHEAD)
    this.sealInto(plain, sealed, 0)
    return sealed
  }

  /**
   * What was sealed, in a new buffer.
   * @throws ERR_VARVE_DAMAGED where the tag does not fit, or there is no room for one; the caller says which object that was
   */
  open(sealed: Uint8Array): Buffer {
    if (sealed.length < SEAL_OVERHEAD) throw new VarveError('ERR_VARVE_DAMAGED', 'too short for sealed bytes')
    const nonce = sealed.subarray(0, NONCE_SIZE)
    const ciphertext = sealed.subarray(NONCE_SIZE, sealed.length - TAG_SIZE)
    if (isZero(nonce)) throw new VarveError('ERR_VARVE_DAMAGED', 'the nonce is all zeros')
    if (!timingSafeEqual(this.#tag(nonce, ciphertext), sealed.subarray(sealed.length - TAG_SIZE))) {
      throw new VarveError('ERR_VARVE_DAMAGED', 'the bytes do not carry the right seal')
    }
    return createCipheriv('aes-256-ctr', this.#encryptKey, nonce).update(ciphertext)
  }

  #tag(nonce: Uint8Array, ciphertext: Uint8Array): Buffer {
    this.#macKey.set(this.#nonceCipher.update(nonce), BLOCK_SIZE)
    return createMac('poly1305', this.#macKey).update(ciphertext).final()
  }

  #drawNonce(): Buffer {
    for (;;) {
      if (this.#nextNonce === this.#nonces.length) {
        randomFillSync(this.#nonces)
        this.#nextNonce = 0
      }
      const nonce = this.#nonces.subarray(this.#nextNonce, this.#nextNonce + NONCE_SIZE)
      this.#nextNonce += NONCE_SIZE
      if (!isZero(nonce)) return nonce
    }
  }
}

/** Whether all parts of a key have their length and none is all zeros: restic takes no other. */
export function isValidKey(key: MasterKey): boolean {
  return (
    key.encrypt.length === 32 &&
    key.macK.length === 16 &&
    key.macR.length === 16 &&
    !isZero(key.encrypt) &&
    !isZero(key.macK) &&
    !isZero(key.macR)
  )
}

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false
  return true
}
