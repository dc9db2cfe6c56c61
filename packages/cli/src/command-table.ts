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

/** All commands, in the order in which people meet them. */
export const COMMANDS: readonly CommandEntry[] = [
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
]
