import { setImmediate } from 'node:timers/promises'
import { throwIfAborted } from './errors.ts'

/** Milliseconds for which synchronous work may keep everything else waiting. */
const LONGEST_BREATH = 20

let lastBreath = 0

/**
 * Lets timers and signals have their turn, now and then, where work is done by synchronous calls, and stops the work where that is asked.
 * @throws ERR_VARVE_ABORTED
 */
export async function breathe(signal?: AbortSignal): Promise<void> {
  throwIfAborted(signal)
  if (performance.now() - lastBreath < LONGEST_BREATH) return
  await setImmediate()
  lastBreath = performance.now()
  throwIfAborted(signal)
}
