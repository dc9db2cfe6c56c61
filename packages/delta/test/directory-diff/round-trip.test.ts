import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyDiff, DiffData, DiffIndex, DirIndex } from '@varve/delta'
import { memoryFolder } from '../directory-index/memory-folder.ts'
import { plant, survey, trees } from '../directory-index/trees.ts'

describe('a difference between two directories', () => {
  it('turns the first into the second, with all metadata', async () => {
    const scratch = memoryFolder()
    let round = 0
    await fc.assert(
      fc.asyncProperty(trees, trees, fc.constantFrom('d.tgz', 'd.tar.zst'), async (before, after, name) => {
        const folder = join(scratch, String(round++))
        mkdirSync(folder)
        const [base, target, archive] = [join(folder, 'base'), join(folder, 'target'), join(folder, name)]
        plant(base, before)
        plant(target, after)
        const wanted = survey(target)
        await using older = await DirIndex.fromFolder(base)
        await using newer = await DirIndex.fromFolder(target)
        await using diff = await DiffIndex.between(older, newer)
        await new DiffData(diff, older, target).createArchive(archive)
        await applyDiff(base, archive)
        expect(survey(base)).toEqual(wanted)
        rmSync(folder, { recursive: true })
      }),
      { numRuns: 100 },
    )
  })
})
