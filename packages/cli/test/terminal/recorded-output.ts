import { Output } from '../../src/terminal/output.ts'

/** An {@link Output} whose streams are kept as text. */
export interface RecordedOutput {
  readonly output: Output
  readonly out: () => string
  readonly err: () => string
  /** Makes the next write to a stream fail. */
  readonly fail: (stream: 'out' | 'err', error: Error) => void
}

/** @param columns - of the terminal that the error stream is; undefined for no terminal */
export function recordOutput(columns?: number): RecordedOutput {
  const texts = { out: '', err: '' }
  const listeners: Record<'out' | 'err', (error: Error) => void> = { out: () => undefined, err: () => undefined }
  const stream = (name: 'out' | 'err') => ({
    ...(columns === undefined ? {} : { isTTY: true, columns }),
    write: (content: string | Uint8Array, done?: () => void) => {
      texts[name] += typeof content === 'string' ? content : Buffer.from(content).toString('latin1')
      done?.()
    },
    on: (_: 'error', listener: (error: Error) => void) => {
      listeners[name] = listener
    },
  })
  return {
    output: new Output(stream('out'), stream('err')),
    out: () => texts.out,
    err: () => texts.err,
    fail: (name, error) => listeners[name](error),
  }
}
