import type { FuzzTarget } from '../fuzz-target.ts'
import { commandLineTarget } from './command-line.ts'
import { compressedTarget } from './compressed.ts'
import { configTarget } from './config.ts'
import { indexTarget } from './index-file.ts'
import { keyTarget } from './key.ts'
import { lockTarget } from './lock.ts'
import { packHeaderTarget } from './pack-header.ts'
import { gitIgnoreTarget, patternsTarget } from './patterns.ts'
import { snapshotTarget } from './snapshot.ts'
import { treeTarget } from './tree.ts'

/** Every parser that is fuzzed. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  configTarget,
  keyTarget,
  packHeaderTarget,
  indexTarget,
  snapshotTarget,
  treeTarget,
  lockTarget,
  compressedTarget,
  patternsTarget,
  gitIgnoreTarget,
  commandLineTarget,
]
