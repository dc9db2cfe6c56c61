import { once } from 'node:events'

/**
 * The same pieces, until `signal` is aborted: then it ends with the signal's reason, without waiting for a piece that may never come, as from
 * a terminal or a pipe that nobody writes to.
 */
export async function* untilAborted<T>(pieces: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void> {
  signal.throwIfAborted()
  const iterator = pieces[Symbol.asyncIterator]()
  const stop = new AbortController()
  const aborted = once(signal, 'abort', { signal: stop.signal }).then(() => {
    throw signal.reason
  })
  // Where the pieces end first, nobody waits for it.
  aborted.catch(() => undefined)
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted])
      if (next.done === true) return
      yield next.value
    }
  } finally {
    stop.abort()
  }
}
