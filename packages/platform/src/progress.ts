/** How far a long job is. Who shows it, and how, is somebody else's business. */
export interface Progress {
  /** What the job is at, for people: 'scanning', 'reading', 'writing packs', … */
  readonly phase: string
  readonly filesDone: number
  /** Undefined as long as it is not known. */
  readonly filesTotal: number | undefined
  /** Bytes of content. */
  readonly bytesDone: number
  readonly bytesTotal: number | undefined
  /** Paths being worked on. */
  readonly current: readonly string[]
  /** Entries that could not be processed so far. */
  readonly errors: number
}

/** What every long call takes. */
export interface LongCall {
  /** Stops the work soon; the call then rejects with ERR_VARVE_ABORTED and the repository is sound. */
  readonly signal?: AbortSignal | undefined
  /** Called a few times a second, with the whole state each time. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** How long to wait for a repository that somebody else has locked, in milliseconds; 0 (the default) fails at once. */
  readonly retryLock?: number | undefined
}

/** An entry of a source or target that could not be processed; the rest goes on. */
export interface Problem {
  readonly path: string
  /** One sentence without the path. */
  readonly message: string
}
