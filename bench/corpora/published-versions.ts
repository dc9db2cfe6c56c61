import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { outputOf } from '../measured-run.ts'
import { copyContent } from '../copying.ts'
import { becomeFolder } from './become-folder.ts'
import { cachedFolder } from './cached-folder.ts'
import type { Corpus } from './corpus.ts'

const PACKAGE = 'rxjs'
/** Successive releases: about 2,300 files each. */
const VERSIONS = (
  '7.0.0 7.0.1 7.1.0 7.2.0 7.3.0 7.3.1 7.4.0 7.5.0 7.5.1 7.5.2 ' +
  '7.5.3 7.5.4 7.5.5 7.5.6 7.5.7 7.6.0 7.7.0 7.8.0 7.8.1 7.8.2'
).split(' ')

/**
 * The successive states of a real project. From one to the next only files that differ are written, as a checkout does.
 * @param root - where they are kept; the registry is needed the first time
 */
export function publishedVersions(root: string): Corpus {
  const versions = (): string => cachedFolder(join(root, `${PACKAGE}-versions`), download)
  const stateFolder = (state: number): string => join(versions(), VERSIONS[state % VERSIONS.length] ?? '')
  const enter = (folder: string, state: number): void => becomeFolder(folder, stateFolder(state))
  return {
    name: 'states',
    title: `${VERSIONS.length} successive versions of ${PACKAGE}`,
    bytes: 10e6,
    hasManyFiles: true,
    hasYardsticks: false,
    make: (folder) => copyContent(stateFolder(0), folder),
    change: enter,
    history: { count: VERSIONS.length, enter },
  }
}

/** @throws Error with npm's words */
function download(folder: string): void {
  const tarballs = join(folder, 'tarballs')
  mkdirSync(tarballs)
  const names = VERSIONS.map((version) => `${PACKAGE}@${version}`)
  outputOf({ argv: ['npm', 'pack', '--silent', '--pack-destination', tarballs, ...names], folder })
  for (const version of VERSIONS) {
    const unpacked = join(folder, version)
    mkdirSync(unpacked)
    const tarball = join(tarballs, `${PACKAGE}-${version}.tgz`)
    outputOf({ argv: ['tar', '-xzf', tarball, '-C', unpacked, '--strip-components', '1', '--no-same-owner'] })
    if (readdirSync(unpacked).length === 0) throw new Error(`${tarball} is empty`)
  }
  rmSync(tarballs, { recursive: true })
}
