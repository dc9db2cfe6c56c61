import { expect, test } from 'vitest'
import { splitCommand } from '../../src/repository/split-command.ts'

test.each([
  ['foo', ['foo']],
  ["'foo'", ['foo']],
  ['  foo\tbar  baz ', ['foo', 'bar', 'baz']],
  ["foo 'bar box' baz", ['foo', 'bar box', 'baz']],
  [`"bar 'box'" baz`, ["bar 'box'", 'baz']],
  [`'bar "box"'`, ['bar "box"']],
  [`\\"bar box`, ['"bar', 'box']],
  [`cat "a b"/c`, ['cat', 'a b/c']],
  [`echo ""`, ['echo', '']],
  [String.raw`C:\bin\pass.exe show`, [String.raw`C:\bin\pass.exe`, 'show']],
])('%s', (text, words) => {
  expect(splitCommand(text)).toEqual(words)
})

test.each(['', '  ', "foo '", 'foo "bar', '"'])('%j makes no sense', (text) => {
  expect(() => splitCommand(text)).toThrow(expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }))
})
