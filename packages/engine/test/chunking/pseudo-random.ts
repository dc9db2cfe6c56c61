import { createCipheriv } from 'node:crypto'

/** Bytes that look random and are the same for the same seed: AES in counter mode over zeros. */
export function pseudoRandom(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const key = Buffer.alloc(16)
  key.writeUInt32LE(seed)
  const stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
  const bytes = new Uint8Array(length)
  bytes.set(stream)
  return bytes
}
