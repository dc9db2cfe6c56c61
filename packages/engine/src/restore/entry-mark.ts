/** What happened to an entry so far: bits of `PlannedEntries.mark`. */
export const EntryMark = {
  /** A file that was not there has been made. */
  made: 1,
  /** Something went wrong with it, and was reported. */
  failed: 2,
  /** It is as it should be. */
  done: 4,
  /** What was in the way of a file is gone, and a file that is written in parts is there. */
  prepared: 8,
  /** A folder that gives extended attributes to what is made in it. */
  bestowing: 16,
} as const
