import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chownSync, lchownSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { toFsPath } from '@varve/platform'
import type { MirrorConfig } from '../../src/config/mirror-config.ts'
import type { RunOptions, RunResult } from '../../src/run/run-options.ts'
import type { Scene } from './scene.ts'

/** What the script beside this is to do. */
export interface ScriptRequest {
  readonly config: MirrorConfig
  /** The step before which the process kills itself; undefined to go on, and in threads. */
  readonly killAt?: number
  readonly options: Pick<RunOptions, 'allowEmpty' | 'retryLock'>
}

const SCRIPT = fileURLToPath(new URL('run-script.ts', import.meta.url))

/** The user and group that have no rights. */
const NOBODY = 65534

function argumentsFor(request: ScriptRequest): readonly string[] {
  return ['--conditions=varve-source', SCRIPT, JSON.stringify(request)]
}

/** Starts a run in a process of its own. */
export function startRun(scene: Scene, rest: Partial<ScriptRequest> = {}): ChildProcess {
  const request = { config: { ...scene.config, maxWorkers: 3 }, options: { allowEmpty: true }, ...rest }
  return spawn(process.execPath, argumentsFor(request), { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** How a process ended. */
export function ended(child: ChildProcess): Promise<{ readonly code: number | null; readonly signal: string | null }> {
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })))
}

/** Runs a mirror as a user without rights. */
export function runAsNobody(scene: Scene): RunResult {
  const request: ScriptRequest = { config: scene.config, options: { allowEmpty: true } }
  const { stdout, stderr, status } = spawnSync(process.execPath, argumentsFor(request), {
    uid: NOBODY,
    gid: NOBODY,
    cwd: scene.folder,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as RunResult
}

/** Makes everything below a path belong to a user without rights. */
export function giveToNobody(path: string): void {
  chownSync(toFsPath(path), NOBODY, NOBODY)
  for (const entry of readdirSync(toFsPath(path), { withFileTypes: true })) {
    if (entry.isDirectory()) giveToNobody(`${path}/${entry.name}`)
    else lchownSync(toFsPath(`${path}/${entry.name}`), NOBODY, NOBODY)
  }
}
