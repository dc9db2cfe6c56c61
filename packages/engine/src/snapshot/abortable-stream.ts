import { throwIfAborted } from '@varve/platform/errors'

/**
 * What a stream gives, until `signal` is aborted: also while nothing comes, as from a pipe whose other end is at work.
 * @throws ERR_VARVE_ABORTED, and what the stream throws
 */
export async function* abortableStream<Piece>(
  stream: AsyncIterable<Piece>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Piece, void, undefined> {
  const iterator = stream[Symbol.asyncIterator]()
  let stop: ((reason: unknown) => void) | undefined
  const onAbort = (): void => stop?.(abortReason(signal))
  let ended = false
  signal?.addEventListener('abort', onAbort)
  try {
    for (;;) {
      throwIfAborted(signal)
      const next = await new Promise<IteratorResult<Piece, unknown>>((resolve, reject) => {
        stop = reject
        iterator.next().then(resolve, reject)
      })
      ended = next.done === true
      if (next.done === true) return
      yield next.value
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    // Nobody waits for this: a stream from which nothing comes need not answer it.
    if (!ended) void iterator.return?.().catch(() => undefined)
  }
}

function abortReason(signal: AbortSignal | undefined): unknown {
  try {
    throwIfAborted(signal)
  } catch (error) {
    return error
  }
  throw new Error('the signal of an abort was not aborted')
}
