/** A system call as strace saw it. Strings among the parameters are bytes. */
export interface SystemCall {
  readonly name: string
  readonly parameters: readonly (string | Buffer)[]
  /** Number that it returned; undefined while it has not returned. Negative where it failed. */
  readonly result: number | undefined
  /** The thread. */
  readonly thread: number
}

/** What happens in a trace, in the order of its lines. A call that takes a moment begins on one line and ends on another. */
export type TraceEvent =
  { readonly kind: 'begin'; readonly call: SystemCall } | { readonly kind: 'end'; readonly call: SystemCall }

const WHOLE = /^(\d+) +(\w+)\((.*)\) += (-?\d+)/
const BEGUN = /^(\d+) +(\w+)\((.*?),? ?<unfinished \.\.\.>$/
const ENDED = /^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)/

/**
 * Reads what `strace -f -xx -o FILE` has written. With `-xx`, all strings are hexadecimal, so that nothing else in a line can look like its syntax.
 *
 * @throws a plain Error for a string that strace has cut off, or for an end without a beginning
 */
export function* parseTrace(text: string): Generator<TraceEvent, void, undefined> {
  const begun = new Map<number, string>()
  for (const line of text.split('\n')) {
    const whole = WHOLE.exec(line)
    if (whole !== null) {
      const call = callOf(whole[1], whole[2], whole[3], Number(whole[4]))
      yield { kind: 'begin', call: { ...call, result: undefined } }
      yield { kind: 'end', call }
      continue
    }
    const [, thread, name, parameters = ''] = BEGUN.exec(line) ?? []
    if (name !== undefined) {
      begun.set(Number(thread), parameters)
      yield { kind: 'begin', call: callOf(thread, name, parameters, undefined) }
      continue
    }
    const ended = ENDED.exec(line)
    if (ended === null) continue
    const beginning = begun.get(Number(ended[1]))
    if (beginning === undefined) throw new Error(`the trace has no beginning of ${line}`)
    begun.delete(Number(ended[1]))
    const rest = (ended[3] ?? '').replace(/^, /, '')
    const all = rest.trim() === '' ? beginning : `${beginning}, ${rest}`
    yield { kind: 'end', call: callOf(ended[1], ended[2], all, Number(ended[4])) }
  }
}

function callOf(
  thread: string | undefined,
  name: string | undefined,
  parameters: string | undefined,
  result: number | undefined,
): SystemCall {
  const parsed = (parameters ?? '').split(', ').map(parameterOf)
  return { thread: Number(thread), name: name ?? '', parameters: parsed, result }
}

/** A string that is alone, or that an `iovec` points to, is its bytes. */
function parameterOf(text: string): string | Buffer {
  const [, hexadecimal, cut] = /^(?:\[?\{iov_base=)?"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?$/.exec(text) ?? []
  if (hexadecimal === undefined) return text
  if (cut !== undefined) throw new Error('strace has cut off a string')
  return Buffer.from(hexadecimal.replaceAll('\\x', ''), 'hex')
}
