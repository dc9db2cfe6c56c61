/** Parts that an input is cut into on the way to a smaller one. */
const PARTS = [2, 4, 8, 16, 64]

/**
 * A smaller input that still does what one does, by leaving out parts as long as it does.
 *
 * @param doesIt - whether an input does it
 */
export async function minimize(
  input: Uint8Array,
  doesIt: (input: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let smallest = input
  for (const parts of [...PARTS, input.length]) {
    const length = Math.max(1, Math.floor(smallest.length / parts))
    for (let at = 0; at < smallest.length;) {
      const shorter = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + length)])
      if (await doesIt(shorter)) smallest = shorter
      else at += length
    }
  }
  return smallest
}
