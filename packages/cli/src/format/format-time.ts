import { twoDigits } from './two-digits.ts'

/** A moment for people, in local time to the second: `2012-11-01 22:08:41`. */
export function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds)
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`
  return `${day} ${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}:${twoDigits(date.getSeconds())}`
}
