import type { RunnableCommand } from './command.ts'

/** A command before it is loaded: starting is fast because only the one that was asked for is. */
export interface CommandEntry {
  readonly name: string
  readonly aliases: readonly string[]
  /** For the list of commands. */
  readonly summary: string
  /** What somebody who looks for this command may call it, for suggestions only. */
  readonly otherWords: readonly string[]
  readonly load: () => Promise<RunnableCommand>
}

/** Commands that have a word in common: `varve tar list` is the command `list` of the group `tar`. */
export interface CommandGroup {
  readonly name: string
  /** For the list of commands. */
  readonly summary: string
  /** For the group's own help. */
  readonly description: string
  readonly examples: string
  readonly otherWords: readonly string[]
  readonly commands: readonly CommandEntry[]
}

/** Whether an entry stands for several commands. */
export function isGroup(entry: CommandEntry | CommandGroup): entry is CommandGroup {
  return 'commands' in entry
}

/** All commands, in the order in which people meet them. */
export const COMMANDS: readonly (CommandEntry | CommandGroup)[] = [
  {
    name: 'snapshot',
    aliases: ['backup'],
    summary: 'save files and folders as a new snapshot',
    otherWords: ['save', 'create', 'commit', 'add', 'store', 'push'],
    load: async () => (await import('./commands/snapshot.ts')).snapshotCommand,
  },
  {
    name: 'list',
    aliases: ['snapshots'],
    summary: 'list snapshots with their sizes',
    otherWords: ['ls', 'log', 'history', 'show', 'status'],
    load: async () => (await import('./commands/list.ts')).listCommand,
  },
  {
    name: 'restore',
    aliases: [],
    summary: 'write a snapshot, or a part of it, to a folder',
    otherWords: ['extract', 'recover', 'get', 'checkout', 'export', 'pull'],
    load: async () => (await import('./commands/restore.ts')).restoreCommand,
  },
  {
    name: 'check',
    aliases: [],
    summary: 'verify that the repository is sound',
    otherWords: ['verify', 'fsck', 'test', 'validate', 'scrub'],
    load: async () => (await import('./commands/check.ts')).checkCommand,
  },
  {
    name: 'prune',
    aliases: [],
    summary: 'remove snapshots, and content that nothing needs',
    otherWords: ['forget', 'remove', 'delete', 'rm', 'gc', 'clean'],
    load: async () => (await import('./commands/prune.ts')).pruneCommand,
  },
  {
    name: 'init',
    aliases: [],
    summary: 'make a repository',
    otherWords: ['new', 'setup', 'initialize', 'initialise'],
    load: async () => (await import('./commands/init.ts')).initCommand,
  },
  {
    name: 'unlock',
    aliases: [],
    summary: 'remove locks that ended programs left behind',
    otherWords: ['break-lock', 'locks'],
    load: async () => (await import('./commands/unlock.ts')).unlockCommand,
  },
  {
    name: 'version',
    aliases: [],
    summary: 'print the version',
    otherWords: ['about'],
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
  {
    name: 'delta',
    summary: 'changes of one file: signature, diff, patch',
    description: 'Send or keep only what has changed in a file, as rsync does.',
    examples: `
Examples:
  varve delta signature old.psd old.sig      what is needed to find changes
  varve delta diff old.sig new.psd changes   the changes, without the old file
  varve delta patch old.psd changes new.psd  the new file again`,
    otherWords: ['rdiff', 'rsync', 'xdelta', 'bsdiff', 'patch'],
    commands: [
      {
        name: 'signature',
        aliases: [],
        summary: 'write what is needed to find what has changed in a file',
        otherWords: ['sig', 'sign', 'sums'],
        load: async () => (await import('./commands/delta/signature.ts')).deltaSignatureCommand,
      },
      {
        name: 'diff',
        aliases: ['delta'],
        summary: 'write what has changed in a file since a signature',
        otherWords: ['compare', 'create'],
        load: async () => (await import('./commands/delta/diff.ts')).deltaDiffCommand,
      },
      {
        name: 'patch',
        aliases: [],
        summary: 'make the new file from the old one and the changes',
        otherWords: ['apply', 'restore'],
        load: async () => (await import('./commands/delta/patch.ts')).deltaPatchCommand,
      },
    ],
  },
  {
    name: 'dir',
    summary: 'changes of a folder: index, diff, pack, apply',
    description: 'Keep the states of a folder, compare them, and carry changes from one copy of it to another.',
    examples: `
Examples:
  varve dir index work work.index            the state of a folder
  varve dir diff work.index work             what has changed since
  varve dir pack work.index work changes.tgz the changes, in an archive
  varve dir apply changes.tgz copy           the same changes in a copy`,
    otherWords: ['directory', 'folder', 'tree'],
    commands: [
      {
        name: 'index',
        aliases: [],
        summary: 'write the state of a folder to a file',
        otherWords: ['state', 'scan', 'create'],
        load: async () => (await import('./commands/dir/index-folder.ts')).dirIndexCommand,
      },
      {
        name: 'diff',
        aliases: [],
        summary: 'show what differs between two states of a folder',
        otherWords: ['compare', 'status', 'changes'],
        load: async () => (await import('./commands/dir/diff.ts')).dirDiffCommand,
      },
      {
        name: 'pack',
        aliases: [],
        summary: 'put what has changed in a folder into an archive',
        otherWords: ['archive', 'save', 'bundle'],
        load: async () => (await import('./commands/dir/pack.ts')).dirPackCommand,
      },
      {
        name: 'apply',
        aliases: [],
        summary: 'carry the changes in an archive out, all or none',
        otherWords: ['patch', 'unpack', 'restore'],
        load: async () => (await import('./commands/dir/apply.ts')).dirApplyCommand,
      },
    ],
  },
  {
    name: 'tar',
    summary: 'archives in volumes: create, add, list, extract',
    description: 'Archives in several volumes, each a whole tar; one file is extracted from its volume alone.',
    examples: `
Examples:
  varve tar create backups/work ~/work       backups/work.vol1.tgz, …
  varve tar list backups/work
  varve tar extract backups/work work/notes.txt -o restored`,
    otherWords: ['archive', 'zip', 'volumes'],
    commands: [
      {
        name: 'create',
        aliases: [],
        summary: 'put a folder into volumes',
        otherWords: ['compress', 'new', 'pack'],
        load: async () => (await import('./commands/tar/create.ts')).tarCreateCommand,
      },
      {
        name: 'add',
        aliases: [],
        summary: 'add files and folders to volumes that are there',
        otherWords: ['append', 'update'],
        load: async () => (await import('./commands/tar/add.ts')).tarAddCommand,
      },
      {
        name: 'list',
        aliases: [],
        summary: 'list what is in volumes, or in any tar',
        otherWords: ['ls', 'show', 'members', 'contents'],
        load: async () => (await import('./commands/tar/list.ts')).tarListCommand,
      },
      {
        name: 'extract',
        aliases: [],
        summary: 'write members of volumes, or of any tar, to a folder',
        otherWords: ['restore', 'unpack', 'get'],
        load: async () => (await import('./commands/tar/extract.ts')).tarExtractCommand,
      },
    ],
  },
  {
    name: 'mirror',
    summary: 'a plain copy of a folder, and its history',
    description:
      'Keep a plain copy of a folder, and beside it what has changed in each run: increments, readable with any file manager.',
    examples: `
Examples:
  varve mirror init ~/work /media/usb/backups --track .
                                             writes mirror.toml
  varve mirror run --dry-run                 what would be done
  varve mirror run
  varve mirror search --mask '*.py'
  varve mirror restore latest -o restored`,
    otherWords: ['sync', 'copy', 'rsync', 'increment', 'incremental', 'plain'],
    commands: [
      {
        name: 'init',
        aliases: [],
        summary: 'write a configuration that explains itself',
        otherWords: ['new', 'config', 'setup'],
        load: async () => (await import('./commands/mirror/init.ts')).mirrorInitCommand,
      },
      {
        name: 'run',
        aliases: [],
        summary: 'bring the mirror up to date, and keep what changed',
        otherWords: ['backup', 'sync', 'update', 'start', 'snapshot', 'save'],
        load: async () => (await import('./commands/mirror/run.ts')).mirrorRunCommand,
      },
      {
        name: 'list',
        aliases: [],
        summary: 'list the increments',
        otherWords: ['ls', 'increments', 'history', 'log', 'status'],
        load: async () => (await import('./commands/mirror/list.ts')).mirrorListCommand,
      },
      {
        name: 'search',
        aliases: [],
        summary: 'search the files of all increments',
        otherWords: ['find', 'grep', 'locate', 'query'],
        load: async () => (await import('./commands/mirror/search.ts')).mirrorSearchCommand,
      },
      {
        name: 'show',
        aliases: [],
        summary: 'show what is in an increment',
        otherWords: ['info', 'cat', 'contents', 'view', 'files'],
        load: async () => (await import('./commands/mirror/show.ts')).mirrorShowCommand,
      },
      {
        name: 'restore',
        aliases: [],
        summary: 'write the tracked files to a folder, as they were',
        otherWords: ['extract', 'recover', 'get', 'checkout'],
        load: async () => (await import('./commands/mirror/restore.ts')).mirrorRestoreCommand,
      },
      {
        name: 'validate',
        aliases: [],
        summary: 'verify that increments are whole',
        otherWords: ['check', 'verify', 'fsck', 'test'],
        load: async () => (await import('./commands/mirror/validate.ts')).mirrorValidateCommand,
      },
      {
        name: 'recreate',
        aliases: [],
        summary: 'make metadata anew from the files in increments',
        otherWords: ['rebuild', 'repair', 'reindex', 'fix'],
        load: async () => (await import('./commands/mirror/recreate.ts')).mirrorRecreateCommand,
      },
      {
        name: 'delete',
        aliases: [],
        summary: 'delete increments, or files in them',
        otherWords: ['remove', 'rm', 'prune', 'forget', 'purge'],
        load: async () => (await import('./commands/mirror/delete.ts')).mirrorDeleteCommand,
      },
      {
        name: 'import',
        aliases: [],
        summary: 'make snapshots of a mirror in a repository',
        otherWords: ['convert', 'migrate', 'upgrade'],
        load: async () => (await import('./commands/mirror/import.ts')).mirrorImportCommand,
      },
      {
        name: 'export',
        aliases: [],
        summary: 'make a mirror of a snapshot',
        otherWords: ['unpack', 'materialize', 'plain'],
        load: async () => (await import('./commands/mirror/export.ts')).mirrorExportCommand,
      },
    ],
  },
]
