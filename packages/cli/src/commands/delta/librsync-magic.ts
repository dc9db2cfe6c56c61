/** Whether a file is one of librsync's: all of them begin with `rs` and a number that tells what they are. */
export function isLibrsync(begin: Uint8Array): boolean {
  return begin[0] === 0x72 && begin[1] === 0x73 && (begin[2] === 1 || begin[2] === 2)
}
