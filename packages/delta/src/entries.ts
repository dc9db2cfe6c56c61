/**
 * Entries of a directory and the order of their paths: `@varve/delta/entries` is that without the rest, for threads that have to start quickly.
 *
 * @packageDocumentation
 */
export { isSameContent, isSameState } from './directory-index/entry.ts'
export { comparePaths } from './directory-index/entry-path.ts'
