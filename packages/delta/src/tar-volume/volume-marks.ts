/*
 * What volumes say of themselves, so that they can be told apart and put together without their index. It stands in pax comments, which every other
 * program passes over in silence.
 */

const VOLUME = /^varve\.volume set=([0-9a-f]{32}) number=([1-9]\d{0,8})$/
const END = /^varve\.end volumes=([1-9]\d{0,8}) members=(\d{1,15})$/
const PART = /^varve\.part number=([1-9]\d{0,8}) offset=(\d{1,16}) last=([01]) path=(.*)$/s

/** At the beginning of each volume. */
export interface VolumeMark {
  /** The same in all volumes of a set, and in no other. */
  readonly set: string
  /** From 1 on. */
  readonly number: number
}

/** At the end of the last volume. */
export interface EndMark {
  readonly volumes: number
  /** Files in parts count once. */
  readonly members: number
}

/** At a part of a file that lies in several volumes. */
export interface PartMark {
  /** Of the file. */
  readonly path: string
  /** From 1 on. */
  readonly number: number
  /** Where it belongs in the file. */
  readonly offset: number
  readonly last: boolean
}

/** The comment of a {@link VolumeMark}. */
export function formatVolumeMark({ set, number }: VolumeMark): string {
  return `varve.volume set=${set} number=${number}`
}

/** What {@link formatVolumeMark} made; undefined for all else. */
export function parseVolumeMark(comment: string | undefined): VolumeMark | undefined {
  const [, set, number] = VOLUME.exec(comment ?? '') ?? []
  return set === undefined ? undefined : { set, number: Number(number) }
}

/** The comment of an {@link EndMark}. */
export function formatEndMark({ volumes, members }: EndMark): string {
  return `varve.end volumes=${volumes} members=${members}`
}

/** What {@link formatEndMark} made; undefined for all else. */
export function parseEndMark(comment: string | undefined): EndMark | undefined {
  const [, volumes, members] = END.exec(comment ?? '') ?? []
  return volumes === undefined ? undefined : { volumes: Number(volumes), members: Number(members) }
}

/** The comment of a {@link PartMark}. */
export function formatPartMark({ path, number, offset, last }: PartMark): string {
  return `varve.part number=${number} offset=${offset} last=${last ? 1 : 0} path=${path}`
}

/** What {@link formatPartMark} made; undefined for all else. */
export function parsePartMark(comment: string | undefined): PartMark | undefined {
  const [, number, offset, last, path] = PART.exec(comment ?? '') ?? []
  if (path === undefined) return undefined
  return { path, number: Number(number), offset: Number(offset), last: last === '1' }
}

/** The name that a part of a file has in its volume: `cat file.varve-part-*` puts the file together. */
export function partPath(path: string, number: number): string {
  return `${path}.varve-part-${String(number).padStart(4, '0')}`
}
