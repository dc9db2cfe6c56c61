import { freemem } from 'node:os'
import { outputOf } from './measured-run.ts'

/** What any program takes besides what it reads and writes. */
const FOR_THE_PROGRAM = 512 * 1024 * 1024

/** Below so many bytes of input, what a run takes is found among pages that other processes have just given back. */
const LITTLE = 256 * 1024 * 1024

/** Bytes that are filled at once. */
const PORTION = 64 * 1024 * 1024

/**
 * Fills memory, and gives it back: as much as a run on so many bytes may ask the system for, as far as half of what is free has it. A virtual machine may
 * have lent free memory to its host, from where a page comes back in several times the time in which one is copied: whoever comes after a
 * run that has just deleted its files would find pages that are there, and others would not.
 *
 * @param bytes - of what is saved or restored
 */
export function touchMemory(bytes: number): void {
  if (bytes < LITTLE) return
  const portions = Math.ceil(Math.min(bytes + FOR_THE_PROGRAM, freemem() / 2) / PORTION)
  const fill = `const kept = []; for (let i = 0; i < ${portions}; i++) kept.push(Buffer.alloc(${PORTION}, 1))`
  outputOf({ argv: [process.execPath, '-e', fill] })
}
