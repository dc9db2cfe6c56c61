/** A number from 0 to 99 with a zero in front where it has one digit, as clocks show it. */
export function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
