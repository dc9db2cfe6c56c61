/** Does nothing, and keeps the signal from ending the process by being there. */
function ignore(): void {
  // Whoever else listens still hears it.
}

let reasons = 0

/**
 * Makes this process survive SIGHUP until the returned function is called. restic finds out whether the process that holds a lock is alive by sending
 * it that signal, which would end this one.
 */
export function surviveHangups(): () => void {
  if (process.platform === 'win32') return () => undefined
  if (reasons++ === 0) process.on('SIGHUP', ignore)
  let undone = false
  return () => {
    if (undone) return
    undone = true
    if (--reasons === 0) process.off('SIGHUP', ignore)
  }
}
