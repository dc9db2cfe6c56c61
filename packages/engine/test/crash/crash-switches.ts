/** Whether everything is tried, which takes long. */
export const LONG = process.env['VARVE_CRASH_LONG'] === '1'

/** What random choices come from; printed with the result, so that a run can be repeated. */
export const SEED = Number(process.env['VARVE_CRASH_SEED'] ?? 1)

/** Of one test, in milliseconds, for a busy machine. */
export const TIMEOUT = LONG ? 4 * 3_600_000 : 600_000

/** States after power failures that are looked at for each command, where there are so many. */
export const STATES = Number(process.env['VARVE_CRASH_STATES'] ?? (LONG ? Infinity : 5))
