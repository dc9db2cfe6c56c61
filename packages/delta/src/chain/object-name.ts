import { VarveError } from '@varve/platform/errors'
import { assertKey } from '../tar-volume/volume-name.ts'

/** What a backup holds: everything, or what has changed since another. */
export type BackupKind = 'full' | 'diff'

/** ISO 8601's basic form, in UTC and to the millisecond: names with colons cannot be kept everywhere. */
const STAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{3})Z$/

/** What the name of an object says. */
export interface ObjectName {
  readonly kind: BackupKind | 'state'
  /** Of the backup that it was written for, in milliseconds since 1970. */
  readonly time: number
  /** What follows. */
  readonly rest: string
}

/** A time in the name of an object: `20261121T113000.000Z`. */
export function formatStamp(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]/g, '')
}

/** The beginning of the names of a backup's objects: `work.full.20261121T113000.000Z`. */
export function objectStem(key: string, kind: BackupKind | 'state', time: number): string {
  return `${key}.${kind}.${formatStamp(time)}`
}

/** The name of the object that is written last and makes a backup one. */
export function manifestName(key: string, kind: BackupKind, time: number): string {
  return `${objectStem(key, kind, time)}.json`
}

/** What an object's name says; undefined for what is none of `key`'s. */
export function parseObjectName(name: string, key: string): ObjectName | undefined {
  if (!name.startsWith(`${key}.`)) return undefined
  const [, kind, stamp = '', rest = ''] =
    /^(full|diff|state)\.(\d{8}T\d{6}\.\d{3}Z)\.(.+)$/s.exec(name.slice(key.length + 1)) ?? []
  const [, year, month, day, hour, minute, second, milli] = STAMP.exec(stamp) ?? []
  if ((kind !== 'full' && kind !== 'diff' && kind !== 'state') || year === undefined) return undefined
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milli}Z`)
  return Number.isNaN(time) ? undefined : { kind, time, rest }
}

/** @throws ERR_VARVE_BAD_ARGUMENT where a key cannot begin the names of objects */
export function assertChainKey(key: string): void {
  assertKey(key)
  if (!/\.(?:full|diff|state)\./.test(`${key}.`)) return
  throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `'${key}' cannot be the key of backups: it looks like the name of one`)
}
