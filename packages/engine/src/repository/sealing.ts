import { createCipheriv, createMac, randomFillSync, timingSafeEqual, type Cipheriv } from 'node:crypto'
import { VarveError } from '@varve/platform/errors'
import { SEAL_OVERHEAD } from './blob.ts'
import { CtrCipher } from './ctr-cipher.ts'
import type { MasterKey } from './master-key.ts'

declare module 'node:crypto' {
  /** A message authentication code, since Node 26.9 (the type definitions do not know it yet). */
  interface MessageAuthenticationCode {
    update(data: Uint8Array): this
    final(): Buffer
    final(encoding: 'latin1'): string
  }
  function createMac(algorithm: 'poly1305', key: Uint8Array): MessageAuthenticationCode
}

export const NONCE_SIZE = 16
const TAG_SIZE = 16

/** Where sealed bytes lie. */
export interface SealedPlace {
  readonly offset: number
  readonly length: number
}

/** Nonces drawn at once: one call for all of them costs hardly more than one for a single one. */
const NONCES_PER_DRAW = 256

/**
 * Seals and opens with restic's scheme (`internal/repository/crypto`): a random 16-byte nonce, AES-256-CTR, and a Poly1305-AES tag
 * (D. J. Bernstein, "The Poly1305-AES message-authentication code", 2005) over the ciphertext. Sealed bytes are `nonce ‖ ciphertext ‖ tag`.
 *
 * Every nonce is random and independent, as restic's are. Blobs that took successive ranges of one counter would be as safe in
 * themselves and cost a little less, but the nonces would then show where in a pack each blob ends. The header is sealed to hide
 * that: the lengths of a file's chunks tell which file it is ("Chunking attacks on file backup services using content-defined chunking", 2025).
 */
export class Sealer {
  readonly #cipher: CtrCipher
  /** `r ‖ AES-128_k(nonce)`; r stays as stored, since Poly1305 clamps it when it is used. */
  readonly #macKey = Buffer.alloc(32)
  /** AES-128_k. It lives as long as the sealer: making a cipher costs several times what a block does. */
  readonly #macCipher: Cipheriv
  readonly #nonces = Buffer.alloc(NONCES_PER_DRAW * NONCE_SIZE)
  /** AES-128_k of each nonce. */
  #nonceBlocks: Buffer = Buffer.alloc(0)
  #nextNonce = this.#nonces.length

  /**
   * @param key - the key; its bytes are copied
   * @throws ERR_VARVE_DAMAGED where a part of the key is all zeros or of the wrong length
   */
  constructor(key: MasterKey) {
    if (!isValidKey(key)) throw new VarveError('ERR_VARVE_DAMAGED', 'the key is not valid')
    this.#cipher = new CtrCipher(key.encrypt)
    this.#macKey.set(key.macR)
    this.#macCipher = createCipheriv('aes-128-ecb', key.macK, null).setAutoPadding(false)
  }

  /**
   * Seals `plain` into `target` from `offset` on. The two may not overlap, unless `plain` lies just where its ciphertext goes: {@link NONCE_SIZE}
   * after `offset`.
   * @returns bytes written: {@link SEAL_OVERHEAD} more than `plain` has
   */
  sealInto(plain: Uint8Array, target: Uint8Array, offset: number): number {
    const length = plain.length + SEAL_OVERHEAD
    if (offset + length > target.length) throw new Error('no room for the sealed bytes')
    const at = this.#drawNonce()
    const nonce = this.#nonces.subarray(at, at + NONCE_SIZE)
    const start = offset + NONCE_SIZE
    target.set(nonce, offset)
    this.#cipher.apply(nonce, plain, target, start)
    const nonceBlock = this.#nonceBlocks.subarray(at, at + NONCE_SIZE)
    target.set(this.#tag(nonceBlock, target.subarray(start, start + plain.length)), start + plain.length)
    return length
  }

  /**
   * Seals many short texts, each of which lies where its ciphertext goes: {@link NONCE_SIZE} after its place's offset. Takes less time than one
   * after the other.
   * @param places - where the sealed bytes go, their length being the text's and {@link SEAL_OVERHEAD}
   */
  sealTogether(target: Uint8Array, places: readonly SealedPlace[]): void {
    for (let from = 0; from < places.length; from += NONCES_PER_DRAW) {
      this.#sealGroup(target, places.slice(from, from + NONCES_PER_DRAW))
    }
  }

  #sealGroup(target: Uint8Array, places: readonly SealedPlace[]): void {
    this.#drawNonces()
    this.#nextNonce = this.#nonces.length
    const nonces = this.#nonces
    for (const [index, { offset, length }] of places.entries()) {
      const at = index * NONCE_SIZE
      for (let byte = 0; byte < NONCE_SIZE; byte++) target[offset + byte] = nonces[at + byte] ?? 0
      this.#cipher.enqueue(nonces, at, target, offset + NONCE_SIZE, length - SEAL_OVERHEAD)
    }
    this.#cipher.flush()
    const bytes = Buffer.from(target.buffer, target.byteOffset, target.length)
    for (const [index, { offset, length }] of places.entries()) {
      this.#nonceBlocks.copy(this.#macKey, 16, index * NONCE_SIZE, (index + 1) * NONCE_SIZE)
      const end = offset + length - TAG_SIZE
      const mac = createMac('poly1305', this.#macKey).update(bytes.subarray(offset + NONCE_SIZE, end))
      bytes.write(mac.final('latin1'), end, 'latin1')
    }
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
    return this.#cipher.applyToCopy(sealed.subarray(0, NONCE_SIZE), this.#checkedCiphertext(sealed))
  }

  /**
   * What was sealed, put where its ciphertext was: the sealed bytes are gone, and no memory is needed.
   * @throws ERR_VARVE_DAMAGED as {@link open}; the sealed bytes are unchanged then
   */
  openInPlace(sealed: Uint8Array): Uint8Array {
    const ciphertext = this.#checkedCiphertext(sealed)
    this.#cipher.apply(sealed.subarray(0, NONCE_SIZE), ciphertext, sealed, NONCE_SIZE)
    return ciphertext
  }

  #checkedCiphertext(sealed: Uint8Array): Uint8Array {
    if (sealed.length < SEAL_OVERHEAD) throw new VarveError('ERR_VARVE_DAMAGED', 'it is too short to be sealed')
    const nonce = sealed.subarray(0, NONCE_SIZE)
    const ciphertext = sealed.subarray(NONCE_SIZE, sealed.length - TAG_SIZE)
    if (isZero(nonce)) throw new VarveError('ERR_VARVE_DAMAGED', 'its nonce is all zeros')
    const tag = this.#tag(this.#macCipher.update(nonce), ciphertext)
    if (!timingSafeEqual(tag, sealed.subarray(sealed.length - TAG_SIZE))) {
      throw new VarveError('ERR_VARVE_DAMAGED', 'its seal is broken')
    }
    return ciphertext
  }

  #tag(nonceBlock: Uint8Array, ciphertext: Uint8Array): Buffer {
    this.#macKey.set(nonceBlock, 16)
    return createMac('poly1305', this.#macKey).update(ciphertext).final()
  }

  /** Where in the drawn nonces an unused one lies. */
  #drawNonce(): number {
    if (this.#nextNonce === this.#nonces.length) {
      this.#drawNonces()
      this.#nextNonce = 0
    }
    const at = this.#nextNonce
    this.#nextNonce += NONCE_SIZE
    return at
  }

  /** Draws all nonces anew; none of them is all zeros, which nobody would open. */
  #drawNonces(): void {
    do randomFillSync(this.#nonces)
    while (hasZeroNonce(this.#nonces))
    this.#nonceBlocks = this.#macCipher.update(this.#nonces)
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

function hasZeroNonce(nonces: Uint8Array): boolean {
  for (let at = 0; at < nonces.length; at += NONCE_SIZE) {
    if (nonces[at] === 0 && isZero(nonces.subarray(at, at + NONCE_SIZE))) return true
  }
  return false
}

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false
  return true
}
