/** Bytes that are handed on at once, at least. */
const BATCH = 256 * 1024

/**
 * The same bytes in pieces that are not small: what comes after takes its time for each piece. Nobody changes a piece afterwards, whatever becomes of those it was made
 * of.
 */
export async function* inBatches(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let batch = Buffer.allocUnsafeSlow(BATCH)
  let filled = 0
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + BATCH - filled)
      batch.set(part, filled)
      at += part.length
      filled += part.length
      if (filled < BATCH) continue
      yield batch
      batch = Buffer.allocUnsafeSlow(BATCH)
      filled = 0
    }
  }
  if (filled > 0) yield batch.subarray(0, filled)
}
