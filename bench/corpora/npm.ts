import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyContent } from '../copying.ts'
import { outputOf } from '../measured-run.ts'
import { cachedFolder } from './cached-folder.ts'
import { changeFiles } from './changes.ts'
import type { Corpus } from './corpus.ts'

/** Packages whose installation makes about 87,000 files. Pinned: the corpus is the same on every machine. */
const PACKAGES = [
  '@mui/icons-material@6.1.0',
  'typescript@5.6.2',
  'date-fns@4.1.0',
  'core-js@3.38.1',
  'lodash@4.17.21',
  'rxjs@7.8.1',
  'three@0.170.0',
  'webpack@5.95.0',
  'next@15.0.0',
  'antd@5.21.0',
  'jest@29.7.0',
  'eslint@9.12.0',
  'googleapis@144.0.0',
  '@babel/preset-env@7.25.8',
]

/**
 * An installed npm tree: many small files.
 * @param root - where it is kept; the registry is needed the first time
 */
export function npmTree(root: string): Corpus {
  return {
    name: 'npm',
    title: 'an installed npm tree of about 87,000 files',
    bytes: 900e6,
    hasManyFiles: true,
    hasYardsticks: true,
    make: (folder) => copyContent(cachedFolder(join(root, 'npm'), install), folder),
    change: changeFiles,
  }
}

/** @throws Error with npm's words */
function install(folder: string): void {
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps']
  outputOf({ argv: ['npm', 'install', ...options, ...PACKAGES], folder })
}
