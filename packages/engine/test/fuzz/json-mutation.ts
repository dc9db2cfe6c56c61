import type { Random } from './random.ts'

/** Values that stand on a border of something. */
const ODD_VALUES = [
  'null',
  'true',
  'false',
  '{}',
  '[]',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\\\xff"',
  '"\\n"',

  '0',
  '-0',
  '-1',
  '1',
  '0.5',
  '1e3',
  '1e308',
  '1e999',
  '-1e999',
  '01',
  '1.',
  '.5',
  '+1',
  '0x10',
  'NaN',
  'Infinity',
  '127',
  '128',
  '255',
  '256',
  '65535',
  '65536',
  '2147483647',
  '2147483648',
  '4294967295',
  '4294967296',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '999999999999999',
  '1000000000000000',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551615',
  '18446744073709551616',
  '99999999999999999999',
  '1'.repeat(400),
  `"${'a'.repeat(64)}"`,
  `"${'A'.repeat(64)}"`,
  `"${'0'.repeat(63)}"`,
  '"0001-01-01T00:00:00Z"',
  '"9999-12-31T23:59:59.999999999+23:59"',
  '"2024-02-30T00:00:00Z"',
  '"2024-01-01T1:00:00,5-24:60"',
  '".."',
  '"."',
  '"a/b"',
  '"/"',
  '"constructor"',
  '"__proto__"',
  '[[[[]]]]',
  `${'['.repeat(200)}${']'.repeat(200)}`,
  `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`,
]

const ODD_KEYS = ['__proto__', 'constructor', 'toString', '', 'NODES', 'nodes ', '\\u006eodes', '\\ud800']

/** A token of JSON text: where it is, and whether it is a whole value. */
interface Token {
  readonly text: string
  readonly kind: 'value' | 'key' | 'sign' | 'space'
}

/**
 * Changes JSON text where its grammar has joints: values, keys, members, elements, white space. Text that is no JSON is changed as far as it has
 * tokens.
 *
 * @param others - texts of the same kind, to take values of
 * @param words - keys and values that mean something to the parser, without quotation marks
 */
export function mutateJson(text: string, random: Random, others: readonly string[], words: readonly string[]): string {
  const tokens = tokensOf(text)
  for (let left = 1 + random.below(3); left > 0 && tokens.length > 0; left--) changeToken(tokens, random, others, words)
  return tokens.map((token) => token.text).join('')
}

function changeToken(tokens: Token[], random: Random, others: readonly string[], words: readonly string[]): void {
  const at = random.below(tokens.length)
  const span = spanAt(tokens, at)
  switch (random.below(9)) {
    case 0:
      tokens.splice(at, span, value(random.pick(ODD_VALUES)))
      return
    case 1:
      tokens.splice(at, span, value(JSON.stringify(random.pick([...words, '']))))
      return
    case 2:
      tokens.splice(at, span)
      return
    case 3:
      // Twice, as an element or a member would be.
      tokens.splice(at, 0, ...tokens.slice(at, at + span), { text: ',', kind: 'sign' })
      return
    case 4: {
      const other = tokensOf(random.pick(others))
      if (other.length === 0) return
      const from = random.below(other.length)
      tokens.splice(at, span, ...other.slice(from, from + spanAt(other, from)))
      return
    }
    case 5: {
      const key = random.oneIn(2) ? random.pick(ODD_KEYS) : random.pick([...words, 'a'])
      tokens.splice(at, 0, value(`"${key}":${random.pick(ODD_VALUES)},`))
      return
    }
    case 6:
      tokens.splice(at, 0, {
        text: random.pick([' ', '\n', '\t', '\r\n', '\u00a0', '\ufeff', '\0', '//', ',']),
        kind: 'space',
      })
      return
    case 7: {
      const open = random.oneIn(2)
      tokens.splice(at, span, value(open ? '[' : '{"a":'), ...tokens.slice(at, at + span), value(open ? ']' : '}'))
      return
    }
    default: {
      const other = random.below(tokens.length)
      const [a, b] = [tokens[at], tokens[other]]
      if (a !== undefined && b !== undefined) [tokens[at], tokens[other]] = [b, a]
    }
  }
}

function value(text: string): Token {
  return { text, kind: 'value' }
}

/** How many tokens the thing has that begins at one: a whole object or array, a member with its value, or the token itself. */
function spanAt(tokens: readonly Token[], at: number): number {
  const token = tokens[at]
  let end = token?.kind === 'key' && tokens[at + 1]?.text === ':' ? at + 2 : at
  let depth = 0
  do {
    const text = tokens[end]?.text
    if (text === '{' || text === '[') depth++
    if (text === '}' || text === ']') depth--
    end++
  } while (depth > 0 && end < tokens.length)
  return end - at
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|\s+|[^\s{}[\],:"]+|"/gs

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  for (const [piece] of text.matchAll(TOKEN)) {
    if (piece === ':') {
      const key = tokens.at(-1)
      if (key?.kind === 'value') tokens[tokens.length - 1] = { text: key.text, kind: 'key' }
    }
    tokens.push({ text: piece, kind: /^[{}[\],:]$/.test(piece) ? 'sign' : /^\s/.test(piece) ? 'space' : 'value' })
  }
  return tokens
}
