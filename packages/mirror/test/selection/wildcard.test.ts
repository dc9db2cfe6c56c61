import { spawnSync } from 'node:child_process'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileWildcard } from '../../src/selection/wildcard.ts'

const piece = fc.constantFrom(
  'a',
  'b',
  '-',
  ']',
  '[',
  '!',
  '*',
  '?',
  '[ab]',
  '[!a]',
  '[a-c]',
  '[]]',
  '[!]]',
  '[*]',
  '.',
  '\u{1f480}',
  '\udc80',
  '\n',
)
const pattern = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''))
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '-', ']', '[', '!', '*', '.', '\u{1f480}', '\udc80', '\n'), { maxLength: 7 })
  .map((pieces) => pieces.join(''))

/** What a pattern matches, tried in every way. */
function matchesNaively(pattern: string, text: string): boolean {
  const characters = Array.from(text)
  const match = (rest: string, from: number): boolean => {
    if (rest === '') return from === characters.length
    if (rest.startsWith('*')) {
      return match(rest.slice(1), from) || (from < characters.length && match(rest, from + 1))
    }
    const current = characters[from]
    if (current === undefined) return false
    if (rest.startsWith('?')) return match(rest.slice(1), from + 1)
    const [whole, negated, inside] = /^\[(!?)(\]?[^\]]*)\]/su.exec(rest) ?? []
    if (whole !== undefined && inside !== undefined && inside !== '') {
      return isIn(Array.from(inside), current) !== (negated === '!') && match(rest.slice(whole.length), from + 1)
    }
    const [first = ''] = rest
    return first === current && match(rest.slice(first.length), from + 1)
  }
  return match(pattern, 0)
}

function isIn(members: readonly string[], character: string): boolean {
  const [low, dash, high, ...others] = members
  if (low === undefined) return false
  const code = character.codePointAt(0) ?? 0
  if (dash === '-' && high !== undefined) {
    return ((low.codePointAt(0) ?? 0) <= code && code <= (high.codePointAt(0) ?? 0)) || isIn(others, character)
  }
  return low === character || isIn(members.slice(1), character)
}

describe('a wildcard', () => {
  it('matches what it is defined to match', () => {
    fc.assert(
      fc.property(pattern, text, (wildcard, subject) => {
        expect(compileWildcard(wildcard).matches(subject)).toBe(matchesNaively(wildcard, subject))
      }),
      { numRuns: 5000 },
    )
  })

  it('matches what Python says', ({ skip }) => {
    const cases = fc.sample(
      fc.tuple(pattern, text).filter(([a, b]) => a.isWellFormed() && b.isWellFormed()),
      { numRuns: 2000, seed: 7 },
    )
    const script =
      'import fnmatch,json,sys\nprint(json.dumps([fnmatch.fnmatchcase(t,p) for p,t in json.load(sys.stdin)]))'
    const { status, stdout } = spawnSync('python3', ['-c', script], { input: JSON.stringify(cases), encoding: 'utf8' })
    if (status !== 0) skip('there is no python3')
    const answers: unknown = JSON.parse(stdout)
    expect(cases.map(([wildcard, subject]) => compileWildcard(wildcard).matches(subject))).toEqual(answers)
  })

  it('tells which one text it stands for', () => {
    expect(compileWildcard('a[*]b[[]c]').literal).toBe('a*b[c]')
    expect(compileWildcard('[ab').literal).toBe('[ab')
    expect(compileWildcard('[!a]').literal).toBeUndefined()
    expect(compileWildcard('').literal).toBe('')
  })

  it('takes no more time than its length times that of the text', () => {
    const wildcard = compileWildcard(`${'*a'.repeat(200)}*b`)
    const started = performance.now()
    expect(wildcard.matches('a'.repeat(20_000))).toBe(false)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
