import {
  COMPRESSIONS,
  type Compression,
  type TarVolumeOptions,
  type TarVolumeResult,
  type TarVolumeWriter,
} from '@varve/delta'
import type { Problem } from '@varve/platform'
import { type Command, Option } from 'commander'
import { statSync } from 'node:fs'
import type { CommandContext, Shortfall } from '../../command.ts'
import { EXIT } from '../../exit-codes.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { formatCount } from '../../format/format-count.ts'
import { parseSize } from '../../parse/parse-size.ts'

/** How volumes are written, as it is said on the command line. */
export interface VolumeCommandOptions {
  readonly volumeSize: string
  readonly compress: Compression
  readonly split?: boolean
}

/** Adds the options that say how volumes are written. */
export function declareVolumeOptions(command: Command): void {
  command
    .option('--volume-size <size>', 'bytes of tar in a volume, before compression (default: 20M)', '20M')
    .addOption(
      new Option('--compress <how>', 'none, gzip or zstd (default: gzip)').choices([...COMPRESSIONS]).default('gzip'),
    )
    .option('--split', 'split a file that is larger than a volume; otherwise it gets one of its own')
}

/** Makes the library's options of those on the command line. */
export function volumeOptions(
  { volumeSize, compress, split = false }: VolumeCommandOptions,
  { reporter, signal }: CommandContext,
): Omit<TarVolumeOptions, 'folder'> {
  return {
    volumeSize: parseSize(volumeSize, '--volume-size'),
    compression: compress,
    oversized: split ? 'split' : 'own-volume',
    signal,
    onProgress: (progress) => reporter.progress(progress),
    onProblem: (problem) => reporter.problem(problem),
  }
}

/** What was written into volumes. */
export interface VolumesOutcome {
  readonly result: TarVolumeResult
  /** Of the volumes that were written. */
  readonly bytes: number
}

/** Has volumes written, measures them, and leaves nothing of them behind where that fails. */
export async function writeVolumes(
  writer: TarVolumeWriter,
  write: () => Promise<TarVolumeResult>,
): Promise<VolumesOutcome> {
  try {
    const result = await write()
    return { result, bytes: result.volumes.reduce((sum, path) => sum + statSync(path).size, 0) }
  } finally {
    await writer.discard()
  }
}

/** What was written into volumes, for people. */
function volumesText({ result, bytes }: VolumesOutcome, verbosity: number): readonly string[] {
  if (verbosity === 0) return []
  const { volumes, members } = result
  const names = verbosity > 1 ? volumes : []
  const total = formatCount(members.length, 'member')
  return [...names, `Wrote ${formatCount(volumes.length, 'volume')} (${formatBytes(bytes)}); the set has ${total}.`]
}

/** What was written into volumes, for programs. */
function volumesJson({ result, bytes }: VolumesOutcome): readonly unknown[] {
  const { volumes, index, members, problems } = result
  return [
    {
      message_type: 'summary',
      volumes,
      index,
      members: members.length,
      bytes_written: bytes,
      problems: problems.length,
    },
  ]
}

/** What is missing where some entries could not be added. */
function volumesShortfall({ result }: VolumesOutcome): Shortfall | undefined {
  return missing(result.problems, 'added')
}

/** What is missing where some entries had problems. */
export function missing(problems: readonly Problem[], verb: 'added' | 'extracted'): Shortfall | undefined {
  if (problems.length === 0) return undefined
  const message = `${formatCount(problems.length, 'entry', 'entries')} could not be ${verb} as they are`
  return { message, exitCode: verb === 'added' ? EXIT.incomplete : EXIT.failed }
}

/** What commands that write volumes report, and how. */
export const VOLUMES_REPORT = {
  counts: 'file',
  text: volumesText,
  json: volumesJson,
  shortfall: volumesShortfall,
} as const
