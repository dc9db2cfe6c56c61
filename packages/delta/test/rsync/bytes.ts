/** All pieces as one. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The bytes in pieces of the given sizes, again and again; all sizes together at least 1. Each piece is overwritten once the next is asked for. */
export async function* inPieces(
  bytes: Uint8Array,
  sizes: readonly number[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const usable = sizes.some((size) => size > 0) ? sizes : [1000]
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const piece = Uint8Array.from(bytes.subarray(at, at + (usable[i % usable.length] ?? 1)))
    at += piece.length
    yield piece
    piece.fill(0xa5)
  }
}
