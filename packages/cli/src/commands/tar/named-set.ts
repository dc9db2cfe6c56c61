import { TarVolume, type TarVolumeReader } from '@varve/delta'
import { statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { toFsPath } from '@varve/platform/file-name'
import type { CommandContext } from '../../command.ts'
import { parseSize } from '../../parse/parse-size.ts'
import { withoutUndefined } from '../../without-undefined.ts'

/** The folder that a set of volumes lies in, and the beginning of their names, from one path: `backups/work`. */
export function namedSet(
  name: string,
  { workingFolder }: CommandContext,
): { readonly folder: string; readonly key: string } {
  const path = resolve(workingFolder, name)
  return { folder: dirname(path), key: basename(path) }
}

/** How a set is opened, as it is said on the command line. */
export interface OpenSetOptions {
  readonly ignoreIndex?: boolean
  readonly incomplete?: boolean
  readonly maxSize?: string
}

/**
 * Opens a set of volumes, or a single tar where the name is that of a file.
 * @throws as `TarVolume.open`
 */
export async function openSet(
  name: string,
  context: CommandContext,
  options: OpenSetOptions,
): Promise<TarVolumeReader> {
  const path = resolve(context.workingFolder, name)
  const maxBytes = options.maxSize === undefined ? undefined : parseSize(options.maxSize, '--max-size')
  const { incomplete } = options
  const scan = { ...withoutUndefined({ maxBytes, incomplete }), signal: context.signal }
  if (statSync(toFsPath(path), { throwIfNoEntry: false })?.isFile() === true) {
    return await TarVolume.open({ volumes: [path] }, { ...scan, incomplete: true })
  }
  const set = namedSet(name, context)
  return await TarVolume.open(options.ignoreIndex === true ? { ...set, index: false } : set, scan)
}
