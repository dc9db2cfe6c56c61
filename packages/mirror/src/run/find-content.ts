import { FileReading } from '../disk/compare-files.ts'
import type { FileState } from '@varve/delta'
import { isIncrementName } from '../increment/increment-name.ts'
import type { RunContext } from './run-context.ts'

/** A file of an increment that holds what a state says, at the same path; undefined where there is none. @throws the system's error */
export function findContent({ steps, layout }: RunContext, path: string, state: FileState): string | undefined {
  const reading = new FileReading()
  for (const name of incrementNames(steps.names(layout.destination))) {
    for (const category of ['track', 'deleted']) {
      const candidate = `${layout.increment(name)}/${category}/${path}`
      const stats = steps.stat(candidate)
      if (stats?.isFile() !== true || Number(stats.size) !== state.size) continue
      const outcome = reading.read(candidate)
      if (outcome.kind === 'read' && Buffer.from(outcome.hash).toString('hex') === state.hash) return candidate
    }
  }
  return undefined
}

function incrementNames(names: readonly string[]): readonly string[] {
  return names.filter(isIncrementName).toSorted().toReversed()
}
