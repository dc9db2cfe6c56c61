import { hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { describeError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { serveJobs } from '@varve/platform/workers'
import { ID_SIZE } from '../repository/id.ts'
import type { ComparedFile, ComparisonJob, ComparisonResult } from './comparison-jobs.ts'

// A link is not the file that it leads to, and a FIFO must not be waited for. Some systems have neither flag.
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

let buffer = Buffer.allocUnsafeSlow(1 << 20)

serveJobs<ComparisonJob, ComparisonResult>(() => (job) => {
  const matches = new Uint8Array(job.ids.length / ID_SIZE)
  const sizes = new Float64Array(job.files.length).fill(-1)
  const ids = Buffer.from(job.ids.buffer, job.ids.byteOffset, job.ids.byteLength)
  let piece = 0
  const failures = job.files.map((file, number) => {
    const first = piece
    piece += file.lengths.length
    try {
      sizes[number] = compare(file, ids.subarray(first * ID_SIZE), matches.subarray(first))
      return ''
    } catch (error) {
      return describeError(error)
    }
  })
  return { result: { matches, sizes, failures } }
})

/** Sets `matches` for the pieces that a file has. @returns its bytes */
function compare(file: ComparedFile, ids: Buffer, matches: Uint8Array): number {
  const fd = openSync(toFsPath(file.path), OPEN_FLAGS)
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw new Error('it is no regular file')
    let offset = file.offset
    for (const [piece, length] of file.lengths.entries()) {
      if (offset + length > stats.size) break
      const content = read(fd, offset, length)
      if (content === undefined) break
      const id = ids.subarray(piece * ID_SIZE, (piece + 1) * ID_SIZE)
      if (hash('sha256', content, 'buffer').equals(id)) matches[piece] = 1
      offset += length
    }
    return stats.size
  } finally {
    closeSync(fd)
  }
}

function read(fd: number, offset: number, length: number): Buffer | undefined {
  if (length > buffer.length) buffer = Buffer.allocUnsafeSlow(length)
  let filled = 0
  while (filled < length) {
    const count = readSync(fd, buffer, filled, length - filled, offset + filled)
    if (count === 0) return undefined
    filled += count
  }
  return buffer.subarray(0, length)
}
