import { readdir } from 'node:fs/promises'
import { VarveError } from '@varve/platform/errors'
import { isEntryName, nameFromBytes, toFsPath } from '@varve/platform/file-name'
import type { Compression } from './compression.ts'

const EXTENSIONS: Readonly<Record<Compression, string>> = { none: 'tar', gzip: 'tgz', zstd: 'tzst' }

const VOLUME_NAME = /^(.*)\.vol(0|[1-9]\d{0,8})\.(?:tar|tgz|tzst|tar\.gz|tar\.zst)$/s
const TEMPORARY_NAME = /^(?:.*\.vol\d+\.t(?:ar|gz|zst)|.*\.volumes\.jsonl|.*\.spool)-tmp-[0-9a-f]{16}$/s

/** The name of a volume's file, such as `work.vol3.tgz`. */
export function volumeName(key: string, number: number, compression: Compression): string {
  return `${key}.vol${number}.${EXTENSIONS[compression]}`
}

/** The key and number in the name of a volume's file; undefined for all else. */
export function parseVolumeName(name: string): { readonly key: string; readonly number: number } | undefined {
  const [, key, number] = VOLUME_NAME.exec(name) ?? []
  return key === undefined || key === '' ? undefined : { key, number: Number(number) }
}

/** The name of the file that holds the index of a set's volumes. */
export function indexName(key: string): string {
  return `${key}.volumes.jsonl`
}

/** Whether a file of this name belongs to a set of volumes, or is left over from writing one. */
export function isSetFile(name: string, key: string): boolean {
  return (
    parseVolumeName(name)?.key === key ||
    name === indexName(key) ||
    (name.startsWith(`${key}.`) && TEMPORARY_NAME.test(name))
  )
}

/** @throws ERR_VARVE_BAD_ARGUMENT where a key cannot begin the name of a file */
export function assertKey(key: string): void {
  if (isEntryName(key) && !key.startsWith('.') && Buffer.byteLength(key) <= 200) return
  throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `'${key}' cannot be the key of volumes`, {
    hint: 'a key is the beginning of the names of files: up to 200 bytes, without / and not beginning with a dot',
  })
}

/** The names in a folder, whatever their bytes. @throws a system error */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(toFsPath(folder), { encoding: 'buffer' })).map(nameFromBytes)
}
