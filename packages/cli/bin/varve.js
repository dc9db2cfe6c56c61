#!/usr/bin/env node
// Plain JavaScript that any Node since 18 can start: it goes on in this process where that Node is new enough, and otherwise
// in the one that the npm package `node` brings.
import { existsSync, readFileSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED = [26, 9]

if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  process.stdout.write(`varve ${version}\n`)
} else if (isNewEnough(process.versions.node)) {
  await runHere()
} else {
  await runInBundledNode()
}

/** @param {string} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
}

async function runHere() {
  module.enableCompileCache()
  const sources = new URL('../src/main.ts', import.meta.url)
  if (!existsSync(sources)) return import(new URL('../dist/main.js', import.meta.url).href)
  // A checkout runs its sources; the other packages of the workspace publish theirs under this condition.
  module.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, 'varve-source'] }),
  })
  return import(sources.href)
}

async function runInBundledNode() {
  const node = bundledNode()
  if (node === undefined) {
    process.stderr.write(
      `Error: Varve needs Node ${NEEDED.join('.')} or newer, and this is Node ${process.versions.node}\n` +
        "Hint: the npm package 'node', which brings one, is not installed: run npm install again, with install scripts allowed\n",
    )
    process.exit(1)
  }
  const { spawn } = await import('node:child_process')
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal delivers Ctrl-C to the child as well; the child takes signals that arrive together for one.
  const forward = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
    const handler = () => child.kill(signal)
    process.on(signal, handler)
    return () => process.off(signal, handler)
  })
  child.on('error', (error) => {
    process.stderr.write(`Error: cannot start ${node}: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    for (const stop of forward) stop()
    if (signal === null) process.exit(code ?? 1)
    process.kill(process.pid, signal)
  })
}

/** Where the npm package `node` keeps its program; undefined where it is missing or not new enough. */
function bundledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json')
    const { bin, version } = JSON.parse(readFileSync(manifest, 'utf8'))
    const program = join(dirname(manifest), bin.node)
    return isNewEnough(version) && existsSync(program) ? program : undefined
  } catch {
    return undefined
  }
}
