import { spawnSync } from 'node:child_process'

const found = spawnSync('rsync', ['--version']).status === 0

if (!found && process.env['VARVE_REQUIRE_RESTIC'] === '1')
  throw new Error('rsync is missing: install the package rsync')
if (!found) process.stderr.write('rsync is missing, so mirrors are not compared with what it would make\n')

/** Whether tests against rsync can run. */
export const hasRsync = found

/**
 * What rsync would still have to do to make a folder the same as another: a line for each entry, none where nothing. It compares contents, kinds, permissions, owners as far as it may set them,
 * times to the nanosecond, and what links point to.
 *
 * @param rules - further options
 */
export function differences(source: string, mirror: string, rules: readonly string[] = []): readonly string[] {
  const options = ['-a', '--checksum', '--dry-run', '--itemize-changes', '--delete', '--modify-window=-1', ...rules]
  const { status, stdout, stderr } = spawnSync('rsync', [...options, `${source}/`, `${mirror}/`], {
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(`rsync ended with ${status}: ${stderr}`)
  return stdout.split('\n').filter((line) => line !== '')
}
