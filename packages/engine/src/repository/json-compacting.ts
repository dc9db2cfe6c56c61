const SPACE = /[ \t\r\n]+/g
const ESCAPED = /[<>&\u2028\u2029]/g

/**
 * A JSON text as Go's encoding/json writes a `json.RawMessage`: without white space between tokens, and with `<`, `>`,
 * `&`, U+2028 and U+2029 escaped in strings; nothing else changes.
 * @param json - valid JSON
 */
export function compactJson(json: string): string {
  let compact = ''
  let position = 0
  for (;;) {
    const start = json.indexOf('"', position)
    if (start === -1) return compact + json.slice(position).replace(SPACE, '')
    const end = endOfString(json, start)
    compact += json.slice(position, start).replace(SPACE, '') + json.slice(start, end).replace(ESCAPED, escapeOf)
    position = end
  }
}

// A pattern for whole strings would exhaust the pattern engine's stack on a long one.
function endOfString(json: string, start: number): number {
  let position = start + 1
  while (position < json.length && json.charAt(position) !== '"') position += json.charAt(position) === '\\' ? 2 : 1
  return position + 1
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
