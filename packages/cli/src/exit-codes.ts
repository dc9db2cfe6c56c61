/** What the command's exit code says; the numbers are restic's. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** The snapshot was made, but some source files could not be read. */
  incomplete: 3,
  noRepository: 10,
  locked: 11,
  wrongPassword: 12,
  interrupted: 130,
} as const

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const BY_ERROR_CODE: Readonly<Record<string, ExitCode>> = {
  ERR_VARVE_NO_REPOSITORY: EXIT.noRepository,
  ERR_VARVE_LOCKED: EXIT.locked,
  ERR_VARVE_WRONG_PASSWORD: EXIT.wrongPassword,
  ERR_VARVE_ABORTED: EXIT.interrupted,
}

/** The exit code for a failure with the given `VarveError` code. */
export function exitCodeOf(errorCode: string): ExitCode {
  return BY_ERROR_CODE[errorCode] ?? EXIT.failed
}
