/** Bytes that look random and are the same for the same seed. */
export function pseudoRandom(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let state = (seed ^ 0x9e3779b9) | 1
  for (let i = 0; i < length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state >>> 11
  }
  return bytes
}
