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
}

/** Turns an error into what `postMessage` can carry. */
export function errorToMessage(error: unknown): ErrorMessage {
  if (error instanceof VarveError) {
    return { message: error.message, code: error.code, hint: error.hint, stack: error.stack }
  }
  const stack = error instanceof Error ? error.stack : undefined
  return { message: error instanceof Error ? error.message : String(error), code: undefined, hint: undefined, stack }
}

/** The error that {@link errorToMessage} was given, as the same kind. */
export function errorFromMessage(message: ErrorMessage): Error {
  if (message.code !== undefined) {
    return new VarveError(message.code, message.message, message.hint === undefined ? {} : { hint: message.hint })
  }
  const error = new Error(message.message)
  if (message.stack !== undefined) error.stack = message.stack
  return error
}
