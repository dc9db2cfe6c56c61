/**
 * Gives the memory of some bytes back at once; they are gone. Left to the garbage collector, which sees how few objects there are
 * rather than how large they are, a thread that handles packs would hold hundreds of megabytes that nobody needs.
 */
export function releaseNow(bytes: Uint8Array | Uint32Array): void {
  if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0)
}
