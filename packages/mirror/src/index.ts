/**
 * A mirror that stays a normal folder, with independent hard-linked increments.
 *
 * @packageDocumentation
 */
export {}
