import { setFlagsFromString } from 'node:v8'

/**
 * Has V8 collect garbage early instead of taking memory that is only garbage: a snapshot of 81,000 files takes 260 MB instead of 360. To collect even
 * earlier, when the heap has grown by a quarter, would take 240 MB and a tenth more processor time. For the command alone: how a library's process handles its memory is not the library's business.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=100')
  setFlagsFromString('--optimize-for-size')
}
