import { Option } from 'commander'

/** An option that may be given any number of times; its value is the list of what was given. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description} (repeatable)`)
    .argParser((value: string, before: readonly string[]) => [...before, value])
    .default([])
}
