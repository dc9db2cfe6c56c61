import { findIncrement, looksLikeMoment, parseMoment } from '@varve/mirror'

/** What the argument that names an increment may be, for helps. */
export const NAMING_HELP = `An increment is named by its number in the list, its name, the beginning of it,
latest, or a date or time: the last one made by then, 2026-03-01 or
2026-03-01T18:30.`

/**
 * The increment that an argument names.
 *
 * @param increments - from the first to the last
 * @throws ERR_VARVE_NOT_FOUND, ERR_VARVE_BAD_ARGUMENT
 */
export function namedIncrement<T extends { readonly name: string; readonly time: Date }>(
  increments: readonly T[],
  argument: string,
): T {
  return findIncrement<T>(increments, looksLikeMoment(argument) ? parseMoment(argument) : argument)
}
