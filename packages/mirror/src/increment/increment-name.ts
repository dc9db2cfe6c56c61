const NAME = /^backup_(\d{4})(\d{2})(\d{2})_(\d{2})(\d{2})(\d{2})(?:_([1-9]\d{0,8}))?$/

/** Whether a folder with this name can be an increment. */
export function isIncrementName(name: string): boolean {
  return timeOfName(name) !== undefined
}

/**
 * A name for a new increment: `backup_YYYYMMDD_HHMMSS`, local time, with `_2`, `_3` and so on where that is taken.
 *
 * @param existing - names that are taken
 * @param date - when the run began
 */
export function newIncrementName(existing: Iterable<string>, date: Date): string {
  // Where the file system takes names that differ in case for the same, what is taken may be spelled otherwise.
  const taken = new Set([...existing].map((name) => name.toLowerCase()))
  const base = `backup_${timestamp(date)}`
  if (!taken.has(base)) return base
  for (let number = 2; ; number++) {
    const name = `${base}_${number}`
    if (!taken.has(name)) return name
  }
}

/** A moment as `YYYYMMDD_HHMMSS`, local time. */
export function timestamp(date: Date): string {
  const day = `${digits(date.getFullYear(), 4)}${digits(date.getMonth() + 1, 2)}${digits(date.getDate(), 2)}`
  return `${day}_${digits(date.getHours(), 2)}${digits(date.getMinutes(), 2)}${digits(date.getSeconds(), 2)}`
}

/** The moment, in local time, that an increment is named after; undefined for what is no increment's name. */
export function timeOfName(name: string): Date | undefined {
  const match = NAME.exec(name)
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const date = new Date(2000, month - 1, day, hour, minute, second)
  date.setFullYear(year, month - 1, day)
  const isReal = date.getMonth() === month - 1 && date.getDate() === day && hour < 24 && minute < 60 && second < 60
  return isReal ? date : undefined
}

/** Which of the increments of one second a name is: 1 for the one without a number. */
export function numberOfName(name: string): number {
  return Number(NAME.exec(name)?.[7] ?? 1)
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0')
}
