/**
 * What of a source is mirrored and tracked, as a configuration lists it. Nothing is mirrored that no list names.
 *
 * Folders are paths relative to the source, `.` is the source itself, and may have wildcards; files are paths relative to the source, or patterns
 * that match at any depth. {@link Selection} says what they mean together.
 */
export interface SelectionRules {
  /** Folders that are mirrored with everything below. */
  readonly includeDirs: readonly string[]
  /** Folders that are mirrored and tracked with everything below. */
  readonly trackDirs: readonly string[]
  /** Folders that are left out with everything below. */
  readonly excludeDirs: readonly string[]
  /** Files that are mirrored. */
  readonly includeFiles: readonly string[]
  /** Files that are mirrored and tracked. */
  readonly trackFiles: readonly string[]
  /** Files that are left out: paths, names or patterns. */
  readonly excludeFiles: readonly string[]
}

/** Rules that select nothing: what a configuration without any list has. */
export const NO_RULES: SelectionRules = {
  includeDirs: [],
  trackDirs: [],
  excludeDirs: [],
  includeFiles: [],
  trackFiles: [],
  excludeFiles: [],
}
