/** Bytes from which on giving memory back at once is worth while. */
const WORTH_IT = 64 * 1024

/**
 * Gives memory back that has become useless: garbage of this size would wait long to be collected, and there is much of it.
 * Memory that others share is left alone.
 */
export function releaseMemory({ buffer, byteLength }: Uint8Array): void {
  if (byteLength >= WORTH_IT && buffer instanceof ArrayBuffer && buffer.byteLength <= byteLength + 1) buffer.transfer(0)
}
