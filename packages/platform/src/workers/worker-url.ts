/**
 * Address of a module beside the caller's that a worker thread runs: `.ts` in a checkout, `.js` where the package was compiled.
 *
 * @param importMetaUrl - the caller's `import.meta.url`
 * @param module - path relative to the caller, without its ending
 */
export function workerUrl(importMetaUrl: string, module: string): URL {
  const ending = importMetaUrl.endsWith('.ts') ? '.ts' : '.js'
  return new URL(module + ending, importMetaUrl)
}
