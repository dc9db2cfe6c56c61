/**
 * Building blocks for authors of backup tools: directory indexes, rsync deltas, diff archives, multi-volume tars.
 *
 * @packageDocumentation
 */
export {}
