import { outputOf } from '../measured-run.ts'

/** The number in what a program says of its version; undefined where the program is not there. */
export function programVersion(program: string, argument = '--version'): string | undefined {
  try {
    return /\d+(?:\.\d+)+/.exec(outputOf({ argv: [program, argument] }))?.[0] ?? 'of an unknown version'
  } catch {
    return undefined
  }
}
