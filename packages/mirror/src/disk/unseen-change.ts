/** The longest time, in nanoseconds, in which two changes get the same time of modification: a tick of the kernel's, or two seconds where times look as if they were coarse. */
const TICK = 10_000_000n
const COARSE_TICK = 2_000_000_000n
const COARSE_UNIT = 1_000_000n

/**
 * Whether a file that was read could be changed afterwards and still have the same time of modification.
 *
 * @param mtime - nanoseconds since 1970
 * @param started - when reading began, in milliseconds since 1970
 */
export function mayChangeUnseen(mtime: bigint, started: number): boolean {
  const age = BigInt(started) * 1_000_000n - mtime
  const tick = mtime % COARSE_UNIT === 0n ? COARSE_TICK : TICK
  // The clock that files get their times from may be a tick behind this one, or a little before.
  return age < tick && age > -tick
}
