/* oxlint-disable no-control-regex -- control characters are what this file is about */

/**
 * What could make a terminal do something, or show text as something it is not: control characters (C0, DEL, C1), the line and paragraph
 * separators, marks that change the direction of text, and halves of surrogate pairs.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Lone surrogates from here on stand for the bytes 0x80–0xff of names that are not valid UTF-8. */
const BYTE_SURROGATES = { from: 0xdc80, to: 0xdcff, base: 0xdc00 } as const

/**
 * Text that is safe to print: file names, host names and tags are whatever somebody else chose, and must not control the terminal that
 * they are shown on. What is replaced is written as in Go or JavaScript: `\n`, `\x1b`, `\u202e`.
 */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) => NAMED[character] ?? escapeCharacter(character.charCodeAt(0)))
}

/** JSON text that is safe to print: JSON escapes only some of what a terminal reacts to. */
export function escapeJson(json: string): string {
  return json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function escapeCharacter(code: number): string {
  if (code >= BYTE_SURROGATES.from && code <= BYTE_SURROGATES.to) return hexByte(code - BYTE_SURROGATES.base)
  return code < 0x80 ? hexByte(code) : `\\u${code.toString(16).padStart(4, '0')}`
}

function hexByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
