import { timestamp } from '../increment/increment-name.ts'
import type { RunContext } from './run-context.ts'

/**
 * Moves something out of the mirror that no run put there, or not as it is: it may exist nowhere else.
 * @throws the system's error
 */
export function setAside(context: RunContext, path: string): void {
  const { steps, layout, options } = context
  const run = `${layout.found}/${timestamp(options.now ?? new Date())}`
  steps.ensureFolder(layout.found)
  steps.ensureFolder(run)
  const names = path.split('/')
  for (let depth = 1; depth < names.length; depth++) steps.ensureFolder(`${run}/${names.slice(0, depth).join('/')}`)
  const place = `${run}/${path}`
  let free = place
  for (let number = 2; steps.stat(free) !== undefined; number++) free = `${place}.${number}`
  steps.rename(layout.inMirror(path), free)
  context.notice(`what others had put or changed in the mirror was moved to '${run}'`)
}
