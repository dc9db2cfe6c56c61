/** The key that a repository's content is sealed with; passwords only guard this one. A plain value, so that threads can have it. */
export interface MasterKey {
  /** 32 bytes for AES-256-CTR. */
  readonly encrypt: Uint8Array
  /** 16 bytes: AES-128 key that turns a nonce into the second half of a Poly1305 key. */
  readonly macK: Uint8Array
  /** 16 bytes: first half of the Poly1305 key, stored unmasked. */
  readonly macR: Uint8Array
}
