import { nameFromBytes, nameToBytes } from '@varve/platform/file-name'
import { BadHeader } from './tar-header.ts'

/** Most bytes of a pax header, or of a name in GNU's way: far above any name of a file, far below what memory has. */
export const MOST_EXTENSION_BYTES = 1 << 20

/**
 * Records of an extended header: `length keyword=value` and a line end, where the length counts itself (POSIX.1-2017, pax, "pax Extended
 * Header").
 */
export function encodePax(records: Iterable<readonly [string, string]>): Buffer {
  const lines: Buffer[] = []
  for (const [keyword, value] of records) {
    const rest = Buffer.concat([Buffer.from(` ${keyword}=`), nameToBytes(value), Buffer.from('\n')])
    let length = rest.length + 1
    while (String(length).length + rest.length > length) length++
    lines.push(Buffer.from(String(length)), rest)
  }
  return Buffer.concat(lines)
}

/**
 * The records of an extended header; where a keyword comes again, the last counts.
 * @throws BadHeader
 */
export function decodePax(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at)
    const digits = space < 0 ? '' : bytes.toString('latin1', at, space)
    const length = /^[1-9]\d{0,7}$/.test(digits) ? Number(digits) : 0
    const end = at + length
    const equals = bytes.indexOf(0x3d, space)
    if (length === 0 || end > bytes.length || bytes[end - 1] !== 0x0a || equals < 0 || equals >= end) {
      throw new BadHeader('an extended header in it is malformed')
    }
    records.set(nameFromBytes(bytes.subarray(space + 1, equals)), nameFromBytes(bytes.subarray(equals + 1, end - 1)))
    at = end
  }
  return records
}

/** Nanoseconds since 1970 as a time in an extended header: seconds with a fraction. */
export function formatPaxTime(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : ''
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  const fraction = String(size % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${sign}${size / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`
}

/**
 * Nanoseconds since 1970 of a time in an extended header; digits beyond are dropped.
 * @throws BadHeader
 */
export function parsePaxTime(text: string): bigint {
  const [, sign, seconds = '', fraction = ''] = /^(-?)(\d{1,18})(?:\.(\d*))?$/.exec(text) ?? []
  if (sign === undefined) throw new BadHeader('a time in it makes no sense')
  const size = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return sign === '-' ? -size : size
}

/**
 * A whole number in an extended header.
 * @throws BadHeader
 */
export function parsePaxNumber(text: string): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(number)) throw new BadHeader('a number in it makes no sense')
  return number
}
