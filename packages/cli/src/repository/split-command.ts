import { badArgument } from '../bad-argument.ts'

/**
 * The words of a command line: they are separated by white space, single and double quotes keep one together, and a backslash
 * takes the meaning from a quote or backslash after it. No shell is involved, and nothing is expanded.
 *
 * @throws ERR_VARVE_BAD_ARGUMENT where a quote is not closed or no word is there
 */
export function splitCommand(text: string): readonly [string, ...string[]] {
  const words: string[] = []
  let word = ''
  let inWord = false
  let quote = ''
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? ''
    const next = text[i + 1] ?? ''
    if (character === '\\' && (next === '"' || next === "'" || next === '\\')) {
      word += next
      inWord = true
      i++
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character
      inWord = true
    } else if (quote !== '' && character === quote) {
      quote = ''
    } else if (quote === '' && /\s/.test(character)) {
      if (inWord) words.push(word)
      word = ''
      inWord = false
    } else {
      word += character
      inWord = true
    }
  }
  if (quote !== '') throw badArgument(`a quote (${quote}) is not closed in the password command`)
  if (inWord) words.push(word)
  const [program, ...rest] = words
  if (program === undefined) throw badArgument('the password command is empty')
  return [program, ...rest]
}
