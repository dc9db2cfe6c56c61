import { Worker, type WorkerOptions } from 'node:worker_threads'

/** Under which the packages of a checkout publish their sources. */
const SOURCES = '--conditions=varve-source'

/**
 * Starts a thread. In a checkout it finds the sources of the other packages, as the thread that starts it does.
 *
 * @param module - what the thread runs, see `workerUrl`
 */
export function startThread(module: URL, options: Omit<WorkerOptions, 'execArgv'> = {}): Worker {
  if (!module.pathname.endsWith('.ts') || process.execArgv.includes(SOURCES)) return new Worker(module, options)
  return new Worker(module, { ...options, execArgv: [...process.execArgv, SOURCES] })
}
