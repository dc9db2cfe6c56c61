import { type Command, Option } from 'commander'
import {
  type RuleOptions,
  readPatternFile,
  type SnapshotOptions as EngineOptions,
  timestampFromNanoseconds,
} from '@varve/engine'
import { badArgument } from '../bad-argument.ts'
import { booleanVariable, type Environment, variable } from '../environment.ts'
import { parseCheckpoints } from '../parse/parse-checkpoints.ts'
import { parseSize } from '../parse/parse-size.ts'
import { parseTags } from '../parse/parse-tags.ts'
import { parseTime } from '../parse/parse-time.ts'
import { repeatable } from '../repeatable-option.ts'
import { withoutUndefined } from '../without-undefined.ts'

/** Options of `varve snapshot`, as commander returns them. */
export interface SnapshotCommandOptions {
  readonly targetDirectory?: string
  readonly exclude: readonly string[]
  readonly iexclude: readonly string[]
  readonly excludeFile: readonly string[]
  readonly iexcludeFile: readonly string[]
  readonly excludeIfPresent: readonly string[]
  readonly excludeCaches?: boolean
  readonly excludeLargerThan?: string
  readonly oneFileSystem?: boolean
  readonly gitignore?: boolean
  readonly filesFrom: readonly string[]
  readonly filesFromVerbatim: readonly string[]
  readonly filesFromRaw: readonly string[]
  readonly tag: readonly string[]
  readonly host?: string
  readonly time?: string
  readonly description?: string
  readonly dryRun?: boolean
  readonly skipIfUnchanged?: boolean
  readonly parent?: string
  readonly groupBy?: string
  readonly force?: boolean
  readonly ignoreCtime?: boolean
  readonly ignoreInode?: boolean
  readonly withAtime?: boolean
  readonly withSockets?: boolean
  readonly checkpoints?: string
  readonly stdin?: boolean
  readonly stdinFilename?: string
}

/** Adds the options of `varve snapshot`. */
export function declareSnapshotOptions(command: Command): void {
  command
    .addOption(new Option('--target-directory <folder>', 'the folder to save; another way to name it'))
    .addOption(repeatable('-e, --exclude <pattern>', 'leave out what matches'))
    .addOption(repeatable('--iexclude <pattern>', 'like --exclude, whatever the case of letters'))
    .addOption(repeatable('--exclude-file <file>', 'read patterns for --exclude from a file'))
    .addOption(repeatable('--iexclude-file <file>', 'read patterns for --iexclude from a file'))
    .addOption(
      repeatable('--exclude-if-present <name[:header]>', 'leave out the content of folders that hold such a file'),
    )
    .option('--exclude-caches', 'leave out the content of folders marked with a CACHEDIR.TAG file')
    .option('--exclude-larger-than <size>', 'leave out larger files, such as 1.5G')
    .option('-x, --one-file-system', 'do not go into other file systems')
    .option('--gitignore', 'leave out what .gitignore files say')
    .addOption(
      repeatable('--files-from <file>', 'read what to save from a file, one pattern a line; - is standard input'),
    )
    .addOption(repeatable('--files-from-verbatim <file>', 'read what to save from a file, one path a line'))
    .addOption(repeatable('--files-from-raw <file>', 'read what to save from a file, each path ended by a zero byte'))
    .addOption(repeatable('--tag <tag[,tag…]>', 'tag the snapshot'))
    .option('-H, --host <name>', 'save under this machine name (default: $VARVE_HOST, or the real one)')
    .option('--time <time>', "save under this time, such as '2012-11-01 22:08:41' (default: now)")
    .option('--description <text>', 'say what the snapshot is about')
    .option('-n, --dry-run', 'do everything but store')
    .option('--skip-if-unchanged', 'make no snapshot where nothing has changed')
    .option('--parent <snapshot>', 'compare with this snapshot (default: the latest of the same host and paths)')
    .option('-g, --group-by <list>', 'what the parent must agree in: host, paths, tags')
    .option('-f, --force', 'read every file, whether it looks changed or not')
    .option('--ignore-ctime', 'a new time of inode change is no change')
    .option('--ignore-inode', 'neither a new inode number nor a new time of inode change is a change')
    .option('--with-atime', 'keep times of last access')
    .option('--with-sockets', 'keep sockets')
    .option(
      '--checkpoints <when>',
      "keep what is done as a partial snapshot after so much data or time, as 4G,1m, or 'never' (default: 4G,1m)",
    )
    .option('--stdin', 'save standard input as a file')
    .option('--stdin-filename <name>', 'name of that file (default: stdin)', 'stdin')
}

/** What of the engine's options comes from the command line alone, without looking at sources or repository. */
type DescribedOptions = Pick<
  EngineOptions,
  | 'rules'
  | 'tags'
  | 'host'
  | 'time'
  | 'description'
  | 'dryRun'
  | 'skipIfUnchanged'
  | 'groupBy'
  | 'force'
  | 'ignoreCtime'
  | 'ignoreInode'
  | 'withAtime'
  | 'withSockets'
  | 'checkpoints'
>

/**
 * The engine's options for what the command line says.
 * @throws ERR_VARVE_BAD_ARGUMENT for a value that makes no sense
 */
export function readSnapshotOptions(options: SnapshotCommandOptions, environment: Environment): DescribedOptions {
  const moment = options.time === undefined ? undefined : parseTime(options.time, '--time')
  const tags = parseTags(options.tag)
  return withoutUndefined({
    rules: readRules(options, environment),
    tags: tags.length === 0 ? undefined : tags,
    host: options.host ?? variable(environment, 'HOST'),
    time: moment && timestampFromNanoseconds(moment.nanoseconds, moment.offsetMinutes),
    description: options.description,
    dryRun: options.dryRun,
    skipIfUnchanged: options.skipIfUnchanged,
    groupBy: options.groupBy === undefined ? undefined : parseGroupBy(options.groupBy),
    force: options.force,
    ignoreCtime: options.ignoreCtime ?? booleanVariable(environment, 'IGNORE_CTIME'),
    ignoreInode: options.ignoreInode ?? booleanVariable(environment, 'IGNORE_INODE'),
    withAtime: options.withAtime,
    withSockets: options.withSockets,
    checkpoints: options.checkpoints === undefined ? undefined : parseCheckpoints(options.checkpoints, '--checkpoints'),
  })
}

function readRules(options: SnapshotCommandOptions, environment: Environment): RuleOptions {
  const readAll = (files: readonly string[]): readonly string[] =>
    files.flatMap((file) => readPatternFile(file, environment))
  const { excludeLargerThan } = options
  return withoutUndefined({
    exclude: [...options.exclude, ...readAll(options.excludeFile)],
    iexclude: [...options.iexclude, ...readAll(options.iexcludeFile)],
    excludeIfPresent: options.excludeIfPresent,
    excludeCaches: options.excludeCaches,
    excludeLargerThan:
      excludeLargerThan === undefined ? undefined : parseSize(excludeLargerThan, '--exclude-larger-than'),
    oneFileSystem: options.oneFileSystem,
    gitignore: options.gitignore,
  })
}

/** @throws ERR_VARVE_BAD_ARGUMENT */
export function parseGroupBy(text: string): {
  readonly host: boolean
  readonly paths: boolean
  readonly tags: boolean
} {
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
  const unknown = words.find((word) => !['host', 'path', 'paths', 'tag', 'tags'].includes(word))
  if (unknown !== undefined)
    throw badArgument(`--group-by: '${unknown}' is not known`, 'list any of host, paths and tags')
  const has = (...wanted: readonly string[]): boolean => words.some((word) => wanted.includes(word))
  return { host: has('host'), paths: has('path', 'paths'), tags: has('tag', 'tags') }
}
