import { execFileSync, spawnSync } from 'node:child_process'

const found = spawnSync('rdiff', ['--version']).error === undefined

if (!found && process.env['VARVE_REQUIRE_RESTIC'] === '1')
  throw new Error('rdiff is missing: install the package rdiff')
if (!found) process.stderr.write('rdiff is missing, so what it makes of signatures and deltas is not tested\n')

/** Whether tests against rdiff can run. */
export const hasRdiff = found

/** Runs rdiff; throws with what it says where it fails. */
export function rdiff(...words: readonly string[]): void {
  execFileSync('rdiff', ['--force', ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
}
