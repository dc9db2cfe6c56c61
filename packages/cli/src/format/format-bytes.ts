const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const

/** A number of bytes for people, four digits at most and never rounded up to the next unit's 1024: `0 B`, `1023 B`, `1.50 KiB`, `12.3 GiB`, `456 MiB`. */
export function formatBytes(bytes: number): string {
  let unit = 0
  let value = bytes
  while (unit < UNITS.length - 1 && Number(rounded(value, unit)) >= 1024) {
    value /= 1024
    unit++
  }
  return `${rounded(value, unit)} ${UNITS[unit] ?? ''}`
}

function rounded(value: number, unit: number): string {
  if (unit === 0) return String(Math.round(value))
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
}
