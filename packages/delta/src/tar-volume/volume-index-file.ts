import { createHash } from 'node:crypto'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import * as v from 'valibot'
import { writeDurably } from '@varve/platform'
import { indexLines } from './index-lines.ts'
import { assertConsistent, type TarMember, type Volume, type VolumeIndex } from './volume-index.ts'

/*
 * An index is a file of lines, each a JSON document: the header, a line for each volume, a line for each member, and the end with a checksum of all
 * bytes before it. So it is written and read piece by piece.
 */

const FORMAT = 'varve-tar-volumes'
const VERSION = 1

/** Characters that are gathered before they are written. */
const GATHERED = 1 << 16

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const set = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))
const nanoseconds = v.pipe(
  v.string(),
  v.regex(/^-?\d{1,28}$/),
  v.transform((text) => BigInt(text)),
)
const deviceNumber = v.pipe(
  v.string(),
  v.regex(/^\d{1,20}$/),
  v.transform((text) => BigInt(text)),
)
const piece = v.pipe(
  v.strictTuple([count, count, count]),
  v.transform(([volume, offset, size]) => ({ volume, offset, size })),
)

const HEADER = v.strictObject({ format: v.literal(FORMAT), version: count, set: v.optional(set) })
const VOLUME = v.strictObject({
  number: count,
  file: v.pipe(v.string(), v.minLength(1)),
  size: count,
  sha256: v.optional(sha256),
})
const MEMBER = v.strictObject({
  path: v.string(),
  type: v.picklist(['file', 'dir', 'symlink', 'hardlink', 'fifo', 'dev', 'chardev', 'sparse', 'other']),
  size: count,
  mode: v.pipe(count, v.maxValue(0o7777)),
  mtime: nanoseconds,
  uid: count,
  gid: count,
  user: v.optional(v.string(), ''),
  group: v.optional(v.string(), ''),
  target: v.optional(v.string(), ''),
  device: v.optional(deviceNumber),
  pieces: v.pipe(v.array(piece), v.minLength(1)),
  sha256: v.optional(sha256),
})
const END = v.strictObject({ volumes: count, members: count, sha256 })
const LINE = v.union([
  v.strictObject({ volume: VOLUME }),
  v.strictObject({ member: MEMBER }),
  v.strictObject({ end: END }),
])

/**
 * Writes an index beside its place and gives it its name when it is durable.
 * @throws ERR_VARVE_STORAGE
 */
export async function writeVolumeIndex(path: string, index: VolumeIndex): Promise<void> {
  await writeDurably(path, async (file) => {
    const hash = createHash('sha256')
    let gathered = ''
    for (const line of linesOf(index)) {
      gathered += `${JSON.stringify(line)}\n`
      if (gathered.length < GATHERED) continue
      hash.update(gathered)
      await file.appendFile(gathered)
      gathered = ''
    }
    hash.update(gathered)
    const { volumes, members } = index
    const end = { end: { volumes: volumes.length, members: members.length, sha256: hash.digest('hex') } }
    await file.appendFile(`${gathered}${JSON.stringify(end)}\n`)
  })
}

/**
 * Reads an index and verifies it.
 * @returns undefined where there is none
 * @throws ERR_VARVE_DAMAGED, ERR_VARVE_STORAGE; ERR_VARVE_FORMAT for a later version of the format
 */
export async function readVolumeIndex(path: string): Promise<VolumeIndex | undefined> {
  const what = `the volume index '${path}'`
  try {
    const index = await parse(path, what)
    assertConsistent(index, what)
    return index
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') return undefined
    if (code === undefined) throw error
    throw new VarveError('ERR_VARVE_STORAGE', `cannot read ${what}: ${describeError(error)}`, { cause: error })
  }
}

async function parse(path: string, what: string): Promise<VolumeIndex> {
  const hash = createHash('sha256')
  const volumes: Volume[] = []
  const members: TarMember[] = []
  let header: v.InferOutput<typeof HEADER> | undefined
  let end: v.InferOutput<typeof END> | undefined
  for await (const line of indexLines(path, what)) {
    if (end !== undefined) throw damaged(what, 'something stands behind its end')
    const json = parseJson(line, what)
    if (header === undefined) header = readHeader(json, what)
    else {
      const { success, output } = v.safeParse(LINE, json)
      if (!success) throw damaged(what, 'a line in it makes no sense')
      if ('end' in output) {
        ;({ end } = output)
        continue
      }
      if ('volume' in output) volumes.push({ ...output.volume, sha256: output.volume.sha256 })
      else members.push(memberOf(output.member))
    }
    hash.update(line)
  }
  if (header === undefined || end === undefined) throw damaged(what, 'it is truncated')
  const whole = end.volumes === volumes.length && end.members === members.length && end.sha256 === hash.digest('hex')
  if (!whole) throw damaged(what, 'its checksum is wrong')
  return { set: header.set, volumes, members }
}

function memberOf({ user, group, target, pieces, ...rest }: v.InferOutput<typeof MEMBER>): TarMember {
  const [first, ...more] = pieces
  if (first === undefined) throw new Error('a member without pieces was let through')
  const { sha256: hash, device, ...member } = rest
  const special = device === undefined ? {} : { device }
  return {
    ...member,
    ...special,
    userName: user,
    groupName: group,
    linkTarget: target,
    pieces: [first, ...more],
    sha256: hash,
  }
}

function readHeader(json: unknown, what: string): v.InferOutput<typeof HEADER> {
  const { success, output } = v.safeParse(HEADER, json)
  if (!success) throw damaged(what, 'it does not begin as one')
  if (output.version === VERSION) return output
  throw new VarveError('ERR_VARVE_FORMAT', `${what} has version ${output.version} of its format`, {
    hint: 'a later version of Varve wrote it',
  })
}

function* linesOf({ set: name, volumes, members }: VolumeIndex): Generator<object> {
  yield { format: FORMAT, version: VERSION, set: name }
  for (const volume of volumes) yield { volume }
  for (const { userName, groupName, linkTarget, mtime, pieces, device, ...member } of members) {
    yield {
      member: {
        ...member,
        mtime: String(mtime),
        user: userName === '' ? undefined : userName,
        group: groupName === '' ? undefined : groupName,
        target: linkTarget === '' ? undefined : linkTarget,
        device: device === undefined ? undefined : String(device),
        pieces: pieces.map(({ volume, offset, size }) => [volume, offset, size]),
      },
    }
  }
}

function parseJson(line: Buffer, what: string): unknown {
  try {
    return JSON.parse(line.toString('utf8')) as unknown
  } catch {
    throw damaged(what, 'a line in it is no JSON')
  }
}

function damaged(what: string, reason: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `${what} is damaged: ${reason}`, {
    hint: 'without its index, a set of volumes is opened by reading the volumes: move the index away',
  })
}
