import { startThread, workerUrl } from '@varve/platform/workers'
import type { RuleOptions } from './rules/rules.ts'

/** How much there will be to save. */
export interface Estimate {
  readonly files: number
  readonly bytes: number
}

/** What the estimating thread starts with. */
export interface EstimateWorkerData {
  readonly sources: readonly string[]
  readonly rules: RuleOptions
  readonly ownPaths: readonly string[]
}

/**
 * Counts, in a thread of its own, what a walk over the sources meets, so that progress can be shown as a share.
 *
 * @param onEstimate - called once, when it is known; never when that fails, since nothing depends on it
 * @returns ends the counting
 */
export function startEstimate(workerData: EstimateWorkerData, onEstimate: (estimate: Estimate) => void): () => void {
  const thread = startThread(workerUrl(import.meta.url, './estimate-worker'), { workerData })
  thread.unref()
  thread.on('message', onEstimate)
  thread.on('error', () => undefined)
  return () => void thread.terminate()
}
