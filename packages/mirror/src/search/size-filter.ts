import { badFilter } from './bad-filter.ts'

/** Sizes in bytes, both ends included. */
export interface SizeRange {
  readonly min: number
  readonly max: number
}

const SIZE = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i
const UNITS = ['', 'K', 'M', 'G', 'T']
const HINT = 'write it like >100M, <1G, 500K-2M or 4096; K, M, G and T are powers of 1024'

/**
 * The sizes that a filter means: `>100M` and `<1G` (without the size itself), `>=100M` and `<=1G` (with it), `500K-2M` (with both), or one size exactly.
 *
 * @throws ERR_VARVE_BAD_ARGUMENT for anything else, and for a range that nothing can be in
 */
export function parseSizeFilter(text: string): SizeRange {
  const trimmed = text.trim()
  const [, comparison, bound] = /^(>=?|<=?)(.*)$/.exec(trimmed) ?? []
  const range =
    comparison === undefined ? parseRange(trimmed, text) : parseBound(comparison, parseSize(bound ?? '', text))
  if (range.min > range.max) throw badFilter('the size', text, HINT)
  return range
}

function parseBound(comparison: string, bytes: number): SizeRange {
  if (comparison === '>') return { min: bytes + 1, max: Number.MAX_SAFE_INTEGER }
  if (comparison === '>=') return { min: bytes, max: Number.MAX_SAFE_INTEGER }
  return { min: 0, max: comparison === '<' ? bytes - 1 : bytes }
}

function parseRange(range: string, text: string): SizeRange {
  const [from = '', to, ...others] = range.split('-')
  if (others.length > 0) throw badFilter('the size', text, HINT)
  const min = parseSize(from, text)
  return { min, max: to === undefined ? min : parseSize(to, text) }
}

function parseSize(size: string, text: string): number {
  const match = SIZE.exec(size.trim())
  const bytes = Math.round(Number(match?.[1] ?? Number.NaN) * 1024 ** UNITS.indexOf((match?.[2] ?? '').toUpperCase()))
  if (!Number.isSafeInteger(bytes)) throw badFilter('the size', text, HINT)
  return bytes
}
