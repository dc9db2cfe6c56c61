/** Node's foreign function interface, as `node:ffi` exports it. */
export type NodeFfi = typeof import('node:ffi')

/**
 * Node's foreign function interface, or undefined where this Node has none (built without it, older, or started with
 * `--no-experimental-ffi`).
 *
 * Loading it makes Node print that it is experimental, which is nothing a user of a backup program could act on. The warning is raised
 * while the module is evaluated, so it can be held back by standing in for `process.emitWarning` for just that synchronous moment.
 */
export function loadNodeFfi(): NodeFfi | undefined {
  // oxlint-disable-next-line typescript/unbound-method -- put back as it was, and called as a method of `process`
  const emitWarning = process.emitWarning
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (rest[0] === 'ExperimentalWarning' && String(warning).startsWith('FFI ')) return
    Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  try {
    return process.getBuiltinModule('node:ffi')
  } finally {
    process.emitWarning = emitWarning
  }
}
