import { setImmediate } from 'node:timers/promises'

/** Milliseconds for which synchronous work may keep everything else waiting. */
const LONGEST_BREATH = 20

let lastBreath = 0

/** Lets timers and signals have their turn, now and then, where work is done by synchronous calls. */
export async function breathe(): Promise<void> {
  const now = performance.now()
  if (now - lastBreath < LONGEST_BREATH) return
  await setImmediate()
  lastBreath = performance.now()
}
