/**
 * What the packages of Varve stand on: errors, progress, file names as bytes, and what differs between operating systems.
 *
 * `@varve/platform/errors` and `@varve/platform/file-name` are the same without the rest, for threads that have to start quickly. What such threads
 * compute with is in `@varve/platform/web-assembly`.
 *
 * @packageDocumentation
 */
export { VarveError, describeError, isVarveError, systemErrorCode, throwIfAborted, type ErrorCode } from './errors.ts'
export { compareNames, isEntryName, nameFromBytes, nameToBytes, toFsPath } from './file-name.ts'
export type { LongCall, Problem, Progress } from './progress.ts'
export { currentPlatform } from './current-platform.ts'
export type { Accounts, CurrentUser, ExtendedAttribute, ExtendedAttributes, Platform } from './platform.ts'
export { processSpace } from './process-space.ts'
export { surviveHangups } from './hangup.ts'
export { writeAll, writeAllSync } from './write-all.ts'
export { writeDurably } from './write-durably.ts'
export { flushFileSystem } from './flush-file-system.ts'
export { isOnLocalFileSystem } from './local-file-system.ts'
export { shareMallocArena } from './share-malloc-arena.ts'
export { flush, flushFolder, makeFolder } from './durable-folder.ts'
export { EntrySteps, type StepListener } from './entry-steps.ts'
export { breathe } from './breathe.ts'
