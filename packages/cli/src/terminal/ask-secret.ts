import { openSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { ReadStream } from 'node:tty'
import { VarveError } from '@varve/engine'
import type { Output } from './output.ts'

/** Keys that end or change what has been typed. */
const KEY = { interrupt: '\u0003', endOfInput: '\u0004', backspace: '\b', delete: '\u007F', clear: '\u0015' } as const

/** What a terminal sends for arrows and other keys that are not characters. */
// oxlint-disable-next-line no-control-regex -- that is what these sequences begin with
const KEY_SEQUENCE = /\u001B(?:[[O][0-9;]*[ -/]*[@-~])?/g

/** Where a person can be asked something. */
export interface Terminal {
  readonly stream: ReadStream
  close(): void
}

/** The terminal that this process belongs to, even where standard input comes from elsewhere; undefined without one. */
export function openTerminal(): Terminal | undefined {
  try {
    const descriptor = openSync('/dev/tty', 'r+')
    const stream = new ReadStream(descriptor)
    return { stream, close: () => void stream.destroy() }
  } catch {
    // Not every platform has this name, and not every process a terminal.
    if (!process.stdin.isTTY) return undefined
    const stream: ReadStream = process.stdin
    return { stream, close: () => void stream.pause() }
  }
}

/**
 * Asks for a line without showing what is typed.
 *
 * @throws ERR_VARVE_ABORTED on Ctrl-C, at the end of input and when `signal` aborts
 */
export async function askSecret(
  terminal: Terminal,
  prompt: string,
  output: Output,
  signal: AbortSignal,
): Promise<string> {
  const { stream } = terminal
  const decoder = new StringDecoder('utf8')
  let typed = ''
  const ended = new AbortController()
  // Before the question: who sees it may begin to type.
  stream.setRawMode(true)
  output.prompt(prompt)
  try {
    return await new Promise<string>((resolve, reject) => {
      const stop = (): void => reject(new VarveError('ERR_VARVE_ABORTED', 'no password was entered'))
      const onData = (bytes: Buffer): void => {
        for (const key of decoder.write(bytes).replace(KEY_SEQUENCE, '')) {
          if (key === '\r' || key === '\n') return resolve(typed)
          if (key === KEY.interrupt || key === KEY.endOfInput) return stop()
          if (key === KEY.backspace || key === KEY.delete) typed = typed.replace(/.$/su, '')
          else if (key === KEY.clear) typed = ''
          else typed += key
        }
      }
      stream.on('data', onData)
      stream.once('end', stop)
      stream.once('error', stop)
      signal.addEventListener('abort', stop, { signal: ended.signal })
      stream.resume()
    })
  } finally {
    ended.abort()
    stream.removeAllListeners('data')
    stream.pause()
    stream.setRawMode(false)
    output.errorLine('')
  }
}
