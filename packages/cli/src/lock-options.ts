import type { GlobalOptions } from './global-options.ts'
import { parseDuration } from './parse/parse-duration.ts'

/** What a call of the engine is told about locks. */
export interface LockOptions {
  readonly noLock: boolean
  /** Milliseconds. */
  readonly retryLock: number
}

/** What `--no-lock` and `--retry-lock` say. @throws ERR_VARVE_BAD_ARGUMENT */
export function lockOptions({ lock, retryLock }: GlobalOptions): LockOptions {
  return { noLock: !lock, retryLock: retryLock === undefined ? 0 : parseDuration(retryLock, '--retry-lock') }
}
