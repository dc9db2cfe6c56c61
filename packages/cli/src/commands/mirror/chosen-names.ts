import { findIncrement, incrementNames, listIncrements, looksLikeMoment, timeOfName } from '@varve/mirror'
import { badArgument } from '../../bad-argument.ts'

/**
 * Names of the increments that arguments mean, for commands that change them or look at damaged ones: a date is none that anybody should be changed by.
 *
 * @param destination - the folder that holds them
 * @param wanted - names, beginnings, numbers of the list, or `latest`
 * @throws ERR_VARVE_NOT_FOUND, ERR_VARVE_BAD_ARGUMENT
 */
export async function chosenNames(destination: string, wanted: readonly string[]): Promise<readonly string[]> {
  const named = incrementNames(destination).map((name) => ({ name, time: timeOfName(name) ?? new Date(0) }))
  const { increments } = wanted.some(isPlace) ? await listIncrements(destination) : { increments: [] }
  const chosen = wanted.map((text) => {
    if (looksLikeMoment(text)) throw badArgument(`'${text}' is a time, not the name of an increment`)
    return (isPlace(text) ? findIncrement<{ name: string; time: Date }>(increments, text) : findIncrement(named, text))
      .name
  })
  return [...new Set(chosen)]
}

/** Whether an argument means a place in the list. */
function isPlace(text: string): boolean {
  return text === 'latest' || /^\d{1,6}$/.test(text)
}

/** All increments of a destination, or those that arguments mean: see {@link chosenNames}. */
export async function allOrChosenNames(destination: string, wanted: readonly string[]): Promise<readonly string[]> {
  return wanted.length === 0 ? incrementNames(destination) : await chosenNames(destination, wanted)
}
