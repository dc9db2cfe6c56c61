import { badArgument } from '../bad-argument.ts'

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

/**
 * A size in bytes from what a person writes: `4096`, `100k`, `1.5G`, `2 MiB`. Every unit is a power of 1024, as in restic.
 *
 * @param option - named in the error
 * @throws ERR_VARVE_BAD_ARGUMENT
 */
export function parseSize(text: string, option: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?\s*$/i.exec(text)
  const bytes = Math.floor(Number(match?.[1]) * (UNITS[(match?.[2] ?? '').toLowerCase()] ?? Number.NaN))
  if (!Number.isSafeInteger(bytes)) {
    throw badArgument(`${option}: '${text}' is not a size`, 'write a size as 4096, 100K, 1.5M, 2G or 1T')
  }
  return bytes
}
