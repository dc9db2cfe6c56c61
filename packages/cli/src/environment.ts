/** Environment variables, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Prefixes under which a variable is looked for, the one that wins first. */
export const VARIABLE_PREFIXES = ['VARVE_', 'RESTIC_'] as const

/**
 * A variable by its name without prefix: `VARVE_…` wins over `RESTIC_…`. An empty one counts as not set, as in restic.
 *
 * @param name - such as `COMPRESSION`
 */
export function variable(environment: Environment, name: string): string | undefined {
  for (const prefix of VARIABLE_PREFIXES) {
    const value = environment[prefix + name]
    if (value !== undefined && value !== '') return value
  }
  return undefined
}

/** Whether a variable says yes, with the words that Go's `strconv.ParseBool` takes for true. */
export function booleanVariable(environment: Environment, name: string): boolean {
  return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(variable(environment, name) ?? '')
}
