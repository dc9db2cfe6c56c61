import { createReadStream } from 'node:fs'
import { VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'

const LINE_END = 0x0a

/** Bytes of a line at most: a path, a link's target and the pieces of a file in a great many parts. */
const MOST_LINE_BYTES = 16 << 20

/**
 * The lines of a file, each with its end: cut where bytes say so, since what Node takes for the end of a line can also stand in a name. A last line without an
 * end is one too.
 *
 * @param what - names the file in errors
 * @throws ERR_VARVE_DAMAGED for a line that is too long to be one; the system's errors
 */
export async function* indexLines(path: string, what: string): AsyncGenerator<Buffer, void> {
  let begun: Buffer[] = []
  let length = 0
  for await (const piece of createReadStream(toFsPath(path), { highWaterMark: 256 << 10 })) {
    let rest = piece as Buffer
    for (let end = rest.indexOf(LINE_END); end >= 0; end = rest.indexOf(LINE_END)) {
      yield Buffer.concat([...begun, rest.subarray(0, end + 1)])
      begun = []
      length = 0
      rest = rest.subarray(end + 1)
    }
    begun.push(rest)
    length += rest.length
    if (length > MOST_LINE_BYTES) {
      throw new VarveError('ERR_VARVE_DAMAGED', `${what} is damaged: a line in it is too long`)
    }
  }
  if (length > 0) yield Buffer.concat(begun)
}
