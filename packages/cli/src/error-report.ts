import { inspect } from 'node:util'
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes.ts'

/** What a failure looks like to whoever started the command. */
export interface ErrorReport {
  readonly message: string
  readonly hint: string | undefined
  /** Of a `VarveError`. */
  readonly errorCode: string | undefined
  readonly exitCode: ExitCode
  /** What lay underneath, outermost first. */
  readonly causes: readonly string[]
  /** Only of failures that nobody foresaw. */
  readonly stack: string | undefined
}

const UNFORESEEN_HINT = 'this is a fault in Varve; please report it together with the lines above'

/** Causes that are told at most: a chain of them is as long as somebody's code made it. */
const MOST_CAUSES = 5

/** What to say of a failure. The engine's own errors and the system's need no stack; all else is a fault of this program. */
export function reportError(error: unknown): ErrorReport {
  const causes = causesOf(error)
  // By name, not by class: whoever fails before the engine was needed must not load it.
  if (error instanceof Error && error.name === 'VarveError' && 'code' in error && 'hint' in error) {
    const hint = typeof error.hint === 'string' ? error.hint : undefined
    const errorCode = String(error.code)
    return { message: error.message, hint, errorCode, exitCode: exitCodeOf(errorCode), causes, stack: undefined }
  }
  const message = error instanceof Error ? error.message : inspect(error)
  const unforeseen = !(error instanceof Error && 'syscall' in error)
  return {
    message,
    hint: unforeseen ? UNFORESEEN_HINT : undefined,
    errorCode: undefined,
    exitCode: EXIT.failed,
    causes,
    stack: unforeseen && error instanceof Error ? error.stack : undefined,
  }
}

function causesOf(error: unknown): readonly string[] {
  const causes: string[] = []
  let cause: unknown = error instanceof Error ? error.cause : undefined
  while (cause !== undefined && causes.length < MOST_CAUSES) {
    causes.push(cause instanceof Error ? cause.message : inspect(cause))
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return causes
}
