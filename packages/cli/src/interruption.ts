import type { Output } from './terminal/output.ts'
import { EXIT } from './exit-codes.ts'

/** Signals that ask a program to end. SIGHUP is none of them: restic sends it to find out whether the holder of a lock is alive. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Milliseconds within which several signals are one: a Ctrl-C on a terminal reaches all processes of its group, and launchers (npm, npx,
 * this command's own entry) pass on theirs as well.
 */
const ONE_PRESS = 500

/** Watches for signals while a job runs. */
export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal
  /** Stops watching. */
  readonly dispose: () => void
}

/**
 * The first signal aborts, so that the job ends in an orderly way; a later one ends the process at once.
 *
 * @param output - where a person is told
 * @param exit - ends the process at once
 */
export function watchForInterruption(output: Output, exit: (code: number) => void): Interruption {
  const controller = new AbortController()
  let first = 0
  const onSignal = (): void => {
    const now = performance.now()
    if (controller.signal.aborted) {
      if (now - first > ONE_PRESS) exit(EXIT.interrupted)
      return
    }
    first = now
    if (output.hasStatusLine) output.errorLine('Stopping; press Ctrl-C again to end at once.')
    controller.abort()
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    signal: controller.signal,
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
