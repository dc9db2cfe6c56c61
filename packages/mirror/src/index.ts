/**
 * A mirror that stays a normal folder, with independent hard-linked increments, and the means to explore them.
 *
 * @packageDocumentation
 */
export type { CatalogueEntry, Increment, TrackedState } from './increment/increment.ts'
