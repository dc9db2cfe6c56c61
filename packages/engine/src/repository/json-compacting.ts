/** A string, white space between tokens, or a character that Go escapes. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[ \t\r\n]+/g
const ESCAPED = /[<>&\u2028\u2029]/g

/**
 * A JSON text as Go's encoding/json writes a `json.RawMessage`: without white space between tokens, and with `<`, `>`, `&`, U+2028 and U+2029
 * escaped in strings; nothing else changes.
 */
export function compactJson(json: string): string {
  return json.replace(TOKEN, (token) => (token.startsWith('"') ? token.replace(ESCAPED, escapeOf) : ''))
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
