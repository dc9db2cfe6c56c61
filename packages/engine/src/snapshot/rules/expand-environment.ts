/** Values of variables by name, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Replaces `$NAME` and `${NAME}` by what the environment holds, nothing where it holds no such name, and `$$` by a dollar sign, with the
 * meaning of Go's `os.Expand` (https://pkg.go.dev/os#Expand): a `$` before anything else stays, `${` without a name or end is dropped.
 */
export function expandEnvironment(text: string, environment: Environment): string {
  return text.replace(REFERENCE, (_, braced?: string, special?: string, name?: string) => {
    const variable = braced ?? special ?? name
    // `${}` and a `${` that nothing ends name no variable.
    if (variable === undefined) return ''
    if (variable === '$') return '$'
    return Object.hasOwn(environment, variable) ? (environment[variable] ?? '') : ''
  })
}

/** In this order: a name in braces, a name of one special character, a plain name, what is no valid reference. */
const REFERENCE = /\$(?:\{([^}]+)\}|([*#$@!?0-9-])|(\w+)|\{\}?)/g
