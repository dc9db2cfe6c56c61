import { systemErrorCode } from './errors.ts'

/** Whether a process of this machine is alive, also where it is somebody else's. */
export function processExists(pid: number): boolean {
  // 0 and below name groups of processes.
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemErrorCode(error) === 'EPERM'
  }
}
