import { borg } from './contestants/borg.ts'
import type { Contestant } from './contestants/contestant.ts'
import { restic } from './contestants/restic.ts'
import { rustic } from './contestants/rustic.ts'
import { varve } from './contestants/varve.ts'
import { yardsticks } from './contestants/yardsticks.ts'

/**
 * Varve, and every peer and yardstick that this machine has, each with a folder of its own below `root`.
 *
 * @param program - the installed varve
 * @param only - parts of names; all where undefined
 * @throws Error where none is called so
 */
export function contestants(root: string, program: string, only: readonly string[] | undefined): Contestant[] {
  const all = [
    varve(root, program, 'directory'),
    varve(root, program, 'sqlite'),
    restic(root),
    rustic(root),
    borg(root),
    ...yardsticks(root),
  ].filter((each) => each !== undefined)
  const wanted = all.filter(({ name }) => only === undefined || only.some((part) => name.includes(part)))
  if (wanted.length === 0) {
    throw new Error(`--only names none of the contestants: ${all.map(({ name }) => name).join(', ')}`)
  }
  return wanted
}
