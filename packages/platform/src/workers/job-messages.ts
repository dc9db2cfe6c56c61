import { VarveError, type ErrorCode } from '../errors.ts'

/** What a pool sends to a worker: a job with a number, whose answer carries the same one. */
export interface JobMessage<Job> {
  readonly number: number
  readonly job: Job
}

/** What a worker posts: the answer to a job, or an event that belongs to none. */
export type WorkerMessage<Result, Event> =
  | { readonly kind: 'result'; readonly number: number; readonly result: Result }
  | { readonly kind: 'failure'; readonly number: number; readonly error: ErrorMessage }
  | { readonly kind: 'event'; readonly event: Event }

/** An error on its way between threads, where classes get lost. */
export interface ErrorMessage {
  readonly message: string
  readonly code: ErrorCode | undefined
  readonly hint: string | undefined
  readonly stack: string | undefined
  /** The error underneath, without its code where that is not ours. */
  readonly cause: ErrorMessage | undefined
}

/** Turns an error into what `postMessage` can carry. */
export function errorToMessage(error: unknown): ErrorMessage {
  if (!(error instanceof Error)) {
    return { message: String(error), code: undefined, hint: undefined, stack: undefined, cause: undefined }
  }
  const { message, stack } = error
  const cause = error.cause === undefined ? undefined : errorToMessage(error.cause)
  if (error instanceof VarveError) return { message, code: error.code, hint: error.hint, stack, cause }
  return { message, code: undefined, hint: undefined, stack, cause }
}

/** The error that {@link errorToMessage} was given, as the same kind. */
export function errorFromMessage(message: ErrorMessage): Error {
  const cause = message.cause === undefined ? {} : { cause: errorFromMessage(message.cause) }
  if (message.code !== undefined) {
    const hint = message.hint === undefined ? {} : { hint: message.hint }
    return new VarveError(message.code, message.message, { ...hint, ...cause })
  }
  const error = new Error(message.message, cause)
  if (message.stack !== undefined) error.stack = message.stack
  return error
}
