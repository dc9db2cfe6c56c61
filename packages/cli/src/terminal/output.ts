import { escapeJson, escapeText } from './escape-text.ts'
import { fitStart } from './text-width.ts'

/** Back to the line's start, and clear it. */
const CLEAR_LINE = '\r\u001B[K'

/**
 * Columns that a status line leaves free: some terminals wrap when the last one is filled, and the `^C` that they show for Ctrl-C must not
 * make the line wrap either, since only one line is cleared.
 */
const FREE_COLUMNS = 3

/** Columns assumed where the terminal does not tell, or says that it has none. */
const DEFAULT_COLUMNS = 80

/** What is needed of `process.stdout` and `process.stderr`. */
export interface OutputStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(content: string | Uint8Array, done?: (error?: Error | null) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

/**
 * The two output streams and the status line, which is redrawn in place on the terminal of the error stream, so that results can go into a
 * pipe while a person watches. All text passes through here and is made safe to print.
 *
 * Who reads the output may go away (`varve list | head -1`): what is written after that is dropped and the job goes on, since a snapshot
 * is not worth less because nobody reads about it.
 */
export class Output {
  readonly #out: OutputStream
  readonly #err: OutputStream
  /** Whether a status line can be redrawn in place. */
  readonly hasStatusLine: boolean
  #status = ''
  #failure: Error | undefined

  /** @param dumb - the terminal cannot redraw a line */
  constructor(out: OutputStream, err: OutputStream, dumb = false) {
    this.#out = out
    this.#err = err
    this.hasStatusLine = err.isTTY === true && !dumb
    out.on('error', (error) => this.#failed(error))
    err.on('error', (error) => this.#failed(error))
  }

  /** Why something could not be written, other than that nobody reads it any more. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Width of the terminal. */
  get columns(): number {
    return this.#err.columns || this.#out.columns || DEFAULT_COLUMNS
  }

  /** Columns that a status line can have. */
  get statusColumns(): number {
    return Math.max(0, this.columns - FREE_COLUMNS)
  }

  /** Writes a line of results. */
  line(text: string): void {
    this.#write(this.#out, escapeText(text))
  }

  /** Writes a line of warnings or errors. */
  errorLine(text: string): void {
    this.#write(this.#err, escapeText(text))
  }

  /** Writes a JSON document on a line of results. */
  json(value: unknown): void {
    this.#write(this.#out, escapeJson(JSON.stringify(value)))
  }

  /** Writes a JSON document on a line of errors. */
  errorJson(value: unknown): void {
    this.#write(this.#err, escapeJson(JSON.stringify(value)))
  }

  /** Writes several lines that this program itself made (help texts) to the results. */
  verbatim(text: string): void {
    this.#clearStatus()
    this.#out.write(text)
  }

  /** Writes bytes to the results, as they are. Resolves when they have been taken, so that whoever makes them is not faster than whoever reads them. */
  async bytes(content: Uint8Array): Promise<void> {
    this.#clearStatus()
    await new Promise<void>((resolve) => void this.#out.write(content, () => resolve()))
  }

  /** Whether the results go to a terminal. */
  get isTerminal(): boolean {
    return this.#out.isTTY === true
  }

  /** Writes a question, after which the cursor stays on the line. */
  prompt(text: string): void {
    this.#clearStatus()
    this.#err.write(escapeText(text))
  }

  /** Shows a line in place of the last one shown so; the empty text takes it away. Does nothing where there is no terminal. */
  status(text: string): void {
    if (!this.hasStatusLine) return
    const line = fitStart(escapeText(text), this.statusColumns)
    if (line === this.#status) return
    this.#err.write(CLEAR_LINE + line)
    this.#status = line
  }

  /** Resolves when all that was written has reached the system. */
  async flush(): Promise<void> {
    await Promise.all(
      [this.#out, this.#err].map((stream) => new Promise<void>((done) => void stream.write('', () => done()))),
    )
  }

  #write(stream: OutputStream, text: string): void {
    const status = this.#status
    this.#clearStatus()
    stream.write(`${text}\n`)
    this.status(status)
  }

  #clearStatus(): void {
    if (this.#status === '') return
    this.#err.write(CLEAR_LINE)
    this.#status = ''
  }

  #failed(error: Error): void {
    const nobodyReads = 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED')
    if (!nobodyReads) this.#failure ??= error
  }
}
