import { setFlagsFromString } from 'node:v8'

/**
 * Has V8 collect garbage early instead of taking memory that is only garbage. A snapshot of 81,000 files takes 260 MB instead of 320, and
 * a tenth more processor time. (`--optimize-for-size` would spare 20 MB more, and cost another tenth.) For the command alone: how a library's process
 * handles its memory is not the library's business.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=50')
}
