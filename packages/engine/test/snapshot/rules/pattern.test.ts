import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePatterns } from '../../../src/snapshot/rules/pattern.ts'

function matches(patterns: string | readonly string[], path: string, ignoreCase = false): boolean {
  return compilePatterns(typeof patterns === 'string' ? [patterns] : patterns, { ignoreCase }).matches(path)
}

describe('one pattern', () => {
  test.each([
    // The name of anything, wherever it is, and everything in it.
    ['*.c', '/src/main.c', true],
    ['*.c', '/src/main.h', false],
    ['build', '/a/build', true],
    ['build', '/a/build/x/y', true],
    ['build', '/a/rebuild', false],
    ['*', '/a', true],
    // Several components follow each other anywhere.
    ['a/b', '/x/a/b', true],
    ['a/b', '/x/a/b/c', true],
    ['a/b', '/a/x/b', false],
    ['a/*', '/x/a', false],
    ['a/*', '/x/a/y', true],
    ['?/b', '/x/aa/b', false],
    // From the root on.
    ['/a', '/a', true],
    ['/a', '/a/b/c', true],
    ['/a', '/b/a', false],
    ['/a/*', '/a', false],
    ['/a/*', '/a/b', true],
    ['/*/b', '/a/b/c', true],
    ['/*/b', '/a/x/b', false],
    ['/a/b/c', '/a/b', false],
    // Runs of components.
    ['a/**/b', '/a/b', true],
    ['a/**/b', '/x/a/1/2/3/b/y', true],
    ['a/**/b', '/a/1/2', false],
    ['/a/**/b', '/x/a/b', false],
    ['/a/**/b/**/c', '/a/b/c', true],
    ['a/**/b/**/c', '/a/1/b/2/c', true],
    ['a/**/b/**/c', '/a/c/b', false],
    ['a/**/**/**/b', '/a/b', true],
    ['a/**', '/x/a', true],
    ['/a/**', '/a', true],
    ['/a/**', '/b', false],
    ['**/a', '/x/y/a', true],
    ['**/a', '/a', true],
    ['/**/a', '/x/a', true],
    ['**', '/a', true],
    ['/', '/a', true],
    ['a**b', '/a--b', true],
    ['a**b', '/a/b', false],
    // Cleaned as paths are.
    ['a/', '/a', true],
    ['./a', '/a', true],
    ['/x/../a', '/a', true],
    ['/x/../a', '/x/a', false],
    ['a//b', '/a/b', true],
    ['/../a', '/a', true],
    ['../a', '/a', false],
    ['.', '/a', false],
    // Without wildcards, backslashes still quote.
    [String.raw`\*`, '/*', true],
    [String.raw`\*`, '/a', false],
    ['caf\udce9', '/caf\udce9/x', true],
    ['caf?', '/caf\udce9', true],
    // Paths that do not start at the root.
    ['/a', 'a', false],
    ['a', 'x/a', true],
    ['c:/a', 'c:/a/b', true],
  ])('%s on %s: %s', (pattern, path, wanted) => {
    expect(matches(pattern, path)).toBe(wanted)
  })

  test('ignoring case', () => {
    expect(matches('*.JPG', '/Photos/a.jpg')).toBe(false)
    expect(matches('*.JPG', '/Photos/a.jpg', true)).toBe(true)
    expect(matches('/photos/[A-C]*', '/PHOTOS/b', true)).toBe(true)
    expect(matches('ÀΣ', '/àσ', true)).toBe(true)
    expect(matches('οδος', '/ΟΔΟΣ', true)).toBe(false) // Go lowers each letter by itself, and so not to a final sigma.
    expect(matches('ΟΔΟΣ', '/οδοσ', true)).toBe(true)
    expect(matches('i', '/\u0130', true)).toBe(true)
    expect(matches('\ufffd', '/\udcff', true)).toBe(true)
  })
})

describe('a list', () => {
  test('matches what any of its patterns matches', () => {
    expect(matches(['*.o', 'tmp'], '/a.o')).toBe(true)
    expect(matches(['*.o', 'tmp'], '/tmp/a')).toBe(true)
    expect(matches(['*.o', 'tmp'], '/a.c')).toBe(false)
    expect(matches([], '/a')).toBe(false)
    expect(matches(['', ''], '/a')).toBe(false)
  })

  test('the last pattern that matches decides', () => {
    const list = ['/a/*', '!/a/keep', '/a/keep/not']
    expect(matches(list, '/a/x')).toBe(true)
    expect(matches(list, '/a/keep')).toBe(false)
    expect(matches(list, '/a/keep/y')).toBe(false)
    expect(matches(list, '/a/keep/not')).toBe(true)
    expect(matches(['!*.c', '*.c'], '/a.c')).toBe(true)
    expect(matches(['!a'], '/a')).toBe(false)
    expect(matches(['*', '!'], '/a')).toBe(true)
    expect(matches(['*.o', 'x', '!y', '*.o', '!main.o'], '/main.o')).toBe(false)
  })

  test('a malformed pattern is named', () => {
    for (const pattern of ['a/[b', '!*[._]log[.-][0-9]', 'a\\', '[/]', '**/[']) {
      expect(() => compilePatterns(['fine', pattern])).toThrow(
        expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT', message: expect.stringContaining(pattern) }),
      )
      expect(() => compilePatterns([pattern], { ignoreCase: true })).toThrow(pattern)
    }
  })
})

test.each([
  [['foo/bar'], '/x', true],
  [['/foo/bar'], '/foo', true],
  [['/foo/bar'], '/foo/bar', true],
  [['/foo/bar'], '/foo/bar/baz', true],
  [['/foo/bar'], '/foo/baz', false],
  [['/foo/bar'], '/', true],
  [['/foo/*/qux'], '/foo/bar', true],
  [['/foo/*/qux'], '/foo/bar/boo', false],
  [['/foo/**/qux'], '/foo/bar/boo', true],
  [['/foo/**/qux'], '/bar', false],
  [['/**'], '/foo', true],
  [[], '/foo', false],
  [['/a', '!/a/b'], '/a/b', false],
  [['/a', '!/a/b', '/a/b/c'], '/a/b', true],
  [['/x', '/a/b'], '/a', true],
])('may %j match below %s: %s', (patterns, folder, wanted) => {
  expect(compilePatterns(patterns).mayMatchBelow(folder)).toBe(wanted)
})

const NAMES = ['a', 'b', 'ab', 'c']
const component = fc.constantFrom(...NAMES, '*', '?', 'a*', '[ab]', '**')
const pattern = fc
  .tuple(fc.boolean(), fc.boolean(), fc.array(component, { minLength: 1, maxLength: 4 }))
  .map(([negated, rooted, parts]) => `${negated ? '!' : ''}${rooted ? '/' : ''}${parts.join('/')}`)
const path = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 5 })

/** The meaning as the definition has it: some run of the path's components, expanded in every way. */
function matchesByDefinition(text: string, components: readonly string[]): boolean {
  const parts = text.split('/')
  const expressions: Readonly<Record<string, RegExp>> = { '*': /^/, '?': /^.$/, 'a*': /^a/, '[ab]': /^[ab]$/ }
  const runs = (pattern: readonly string[], rest: readonly string[]): boolean => {
    const [first, ...others] = pattern
    if (first === undefined) return true
    const [name, ...after] = rest
    if (first === '**') return runs(others, rest) || (name !== undefined && runs(pattern, after))
    return name !== undefined && (expressions[first]?.test(name) ?? first === name) && runs(others, after)
  }
  if (parts[0] === '') return runs(parts.slice(1), components)
  return components.some((_, index) => runs(parts, components.slice(index)))
}

test('a list decides as its definition says, whatever the order of questions', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 5 }), fc.array(path, { maxLength: 6 }), (patterns, paths) => {
      const compiled = compilePatterns(patterns)
      for (const components of paths) {
        const deciding = patterns.findLast((text) => matchesByDefinition(text.replace('!', ''), components))
        expect(compiled.matches(`/${components.join('/')}`)).toBe(deciding !== undefined && !deciding.startsWith('!'))
      }
    }),
    { numRuns: 2000 },
  )
})

test('nothing is matched below a folder where nothing may be', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 4 }), path, path, (patterns, folder, below) => {
      const compiled = compilePatterns(patterns)
      if (compiled.mayMatchBelow(`/${folder.join('/')}`)) return
      expect(compiled.matches(`/${[...folder, ...below].join('/')}`)).toBe(false)
    }),
    { numRuns: 2000 },
  )
})

test('neither many runs nor many components make matching slow', () => {
  const deep = `/${'a/'.repeat(2000)}b`
  expect(matches(`/${'**/a/'.repeat(200)}c`, deep)).toBe(false)
  expect(matches(`${'a/**/'.repeat(200)}b`, deep)).toBe(true)
  expect(matches(`${'**/'.repeat(1000)}c`, deep)).toBe(false)
  expect(
    matches(
      Array.from({ length: 100 }, () => `${'*/**/'.repeat(10)}c`),
      deep,
    ),
  ).toBe(false)
})
