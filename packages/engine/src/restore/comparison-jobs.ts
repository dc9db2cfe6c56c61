/** A file, or a part of one, to compare with pieces of content. */
export interface ComparedFile {
  readonly path: string
  /** Where in the file the first piece should be. */
  readonly offset: number
  /** Bytes of each piece. */
  readonly lengths: readonly number[]
}

/** What a comparing thread is asked. */
export interface ComparisonJob {
  readonly files: readonly ComparedFile[]
  /** 32-byte hashes of all pieces of all files. */
  readonly ids: Uint8Array
}

/** What it answers. */
export interface ComparisonResult {
  /** For each piece of all files 1 where the file has it, else 0. */
  readonly matches: Uint8Array
  /** For each file its bytes; -1 where it is no regular file or cannot be read. */
  readonly sizes: Float64Array
  /** For each file why it could not be read, or an empty string. */
  readonly failures: readonly string[]
}
