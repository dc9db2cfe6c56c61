import { parseDataSubset } from '../../../../cli/src/parse/parse-data-subset.ts'
import { parseDuration } from '../../../../cli/src/parse/parse-duration.ts'
import { parseMaxUnused } from '../../../../cli/src/parse/parse-max-unused.ts'
import { parseSize } from '../../../../cli/src/parse/parse-size.ts'
import { parseTagFilter, parseTags } from '../../../../cli/src/parse/parse-tags.ts'
import { parseTime } from '../../../../cli/src/parse/parse-time.ts'
import { timestampFromNanoseconds, timestampToNanoseconds } from '../../../src/repository/timestamp.ts'
import { parsed, type FuzzTarget, type Outcome } from '../fuzz-target.ts'

/** What a person writes after options: sizes, durations, times, shares, tags. */
export const commandLineTarget: FuzzTarget = {
  name: 'command-line',
  seeds: ['1.5 GiB', '100k', '1h30m', '1.5d', '500ms', '0', '3/7', '12.5%', 'unlimited', '2012-11-01 22:08:41']
    .concat(['2024-02-29T23:59:59.999999999+05:30', '2024-02-29', 'a,b,,c', '9007199254740991'])
    .map((text) => Buffer.from(text)),
  words: [
    'k',
    'M',
    'GiB',
    'ms',
    's',
    'm',
    'h',
    'd',
    '%',
    '/',
    '.',
    '-',
    ':',
    'T',
    'Z',
    '+23:59',
    '9'.repeat(40),
    ' ',
    '0',
    '\t',
  ],
  isJson: false,
  limitMs: 200,
  run(input) {
    const text = Buffer.from(input).toString()
    const size = argument(() => parseSize(text, '--size'))
    const duration = argument(() => parseDuration(text, '--duration'))
    const unused = argument(() => parseMaxUnused(text))
    const subset = argument(() => parseDataSubset(text))
    const time = argument(() => parseTime(text, '--time'))
    for (const outcome of [size, duration]) {
      if ('value' in outcome && !(Number.isSafeInteger(outcome.value) && outcome.value >= 0)) {
        throw new Error(`'${text}' is ${outcome.value}`)
      }
    }
    if ('value' in unused && unused.value !== 'unlimited') {
      const amount = 'percent' in unused.value ? unused.value.percent : unused.value.bytes
      if (!(amount >= 0 && Number.isFinite(amount))) throw new Error(`'${text}' is ${amount}`)
    }
    if ('value' in time) {
      const { nanoseconds, offsetMinutes } = time.value
      const written = timestampFromNanoseconds(nanoseconds, offsetMinutes)
      if (timestampToNanoseconds(written) !== nanoseconds) throw new Error(`'${text}' became ${written}`)
    }
    if (parseTags([text]).includes('') || parseTagFilter([text]).length !== 1) throw new Error('an empty tag')
    return [size, duration, unused, subset, time].map((outcome) => ('value' in outcome ? 1 : 0)).join('')
  },
}

function argument<T>(parse: () => T): Outcome<T> {
  return parsed('ERR_VARVE_BAD_ARGUMENT', parse)
}
