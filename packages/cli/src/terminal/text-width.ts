/** Characters that take no column of their own: combining marks, joiners, variation selectors. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u

/** First and last code points that take two columns (East Asian Width W and F), besides emoji. */
const WIDE_RANGES: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x20000, 0x3fffd],
]

const EMOJI = /^\p{Emoji_Presentation}$/u

/** Columns that printable text takes on a terminal. Sequences that a terminal may draw as one emoji count as their parts: rather too wide than too narrow. */
export function textWidth(text: string): number {
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

/** The longest start of `text` that fits into `columns`. */
export function fitStart(text: string, columns: number): string {
  let width = 0
  let end = 0
  for (const character of text) {
    width += characterWidth(character)
    if (width > columns) break
    end += character.length
  }
  return text.slice(0, end)
}

/** The text itself where it fits into `columns`, otherwise `…` and as much of its end as fits: of a path, the name matters most. */
export function fitEnd(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text
  if (columns < 1) return ''
  const characters = Array.from(text)
  let width = 1
  let first = characters.length
  while (first > 0) {
    width += characterWidth(characters[first - 1] ?? '')
    if (width > columns) break
    first--
  }
  return `…${characters.slice(first).join('')}`
}

/** `text` filled up with spaces to `columns`. */
export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)))
}

/** Spaces, then `text`, together `columns` wide. */
export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - textWidth(text))) + text
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x300) return 1
  if (ZERO_WIDTH.test(character)) return 0
  if (EMOJI.test(character)) return 2
  return WIDE_RANGES.some(([first, last]) => code >= first && code <= last) ? 2 : 1
}
