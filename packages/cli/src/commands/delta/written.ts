import { formatBytes } from '../../format/format-bytes.ts'
import { STANDARD } from '../output-place.ts'

/** What a command wrote. */
export interface Written {
  /** As the user named it. */
  readonly output: string
  readonly bytes: number
  /** Of what it was made from, where that was counted. */
  readonly from: number | undefined
}

/** What was written, for people; nothing where they asked for it on standard output. */
export function writtenText({ output, bytes, from }: Written, verbosity: number): readonly string[] {
  if (output === STANDARD || verbosity === 0) return []
  const of = from === undefined ? '' : ` for ${formatBytes(from)}`
  return [`Wrote ${output} (${formatBytes(bytes)}${of}).`]
}

/** What was written, for programs. */
export function writtenJson({ output, bytes, from }: Written): readonly unknown[] {
  return [{ message_type: 'summary', output, bytes_written: bytes, bytes_read: from }]
}
