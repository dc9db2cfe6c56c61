import { lstatSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { currentPlatform, type Platform } from '@varve/platform'
import { onTestFinished, expect, test } from 'vitest'
import { TreeLoader } from '../../src/repository/tree-loader.ts'
import { walkTree } from '../../src/history/walk-tree.ts'
import { BlobSaver } from '../../src/snapshot/blob-saver.ts'
import { NodeBuilder } from '../../src/snapshot/node-builder.ts'
import { compileRules } from '../../src/snapshot/rules/rules.ts'
import { Scan } from '../../src/snapshot/scan.ts'
import { arrangeSources } from '../../src/snapshot/source-tree.ts'
import { Tally } from '../../src/snapshot/tally.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'

/** Scans `sources`, where `meddle` is called with an entry's path after the entry was looked at, and before where it points, as a link, is read. */
async function scan(
  sources: readonly string[],
  meddle: (path: string) => void,
): Promise<{ readonly names: readonly string[]; readonly problems: readonly string[] }> {
  const platform = currentPlatform()
  const meddling: Platform = {
    ...platform,
    extendedAttributes: {
      read: (path) => {
        meddle(path)
        return []
      },
      mayHave: () => true,
      replace: () => undefined,
    },
  }
  const problems: string[] = []
  const onProblem = (path: string, message: string): void => void problems.push(`${path}: ${message}`)
  const opened = await cheapRepository()
  const repository = await opened.loadIndex()
  const saver = new BlobSaver(repository, { workers: 1, dryRun: false })
  onTestFinished(() => saver.close())
  const made = new Scan({
    repository,
    trees: new TreeLoader(repository),
    saver,
    builder: new NodeBuilder(meddling, { withAtime: false, onIncomplete: onProblem }),
    rules: compileRules({}, { sources, ownPaths: [] }),
    ahead: undefined,
    rule: { ignoreCtime: false, ignoreInode: false },
    tally: new Tally(),
    separator: platform.separator,
    withSockets: false,
    signal: undefined,
    onProblem,
    onItem: () => undefined,
  })
  const root = await made.run(arrangeSources(sources, platform), [])
  await saver.finish()
  const names: string[] = []
  for await (const { tree } of walkTree(new TreeLoader(await opened.loadIndex()), root)) {
    names.push(...tree.nodes.filter(({ type }) => type !== 'dir').map(({ name }) => name))
  }
  return { names, problems }
}

function removeLinks(path: string): void {
  if (lstatSync(path).isSymbolicLink()) rmSync(path)
}

test('a link that vanishes between the look at it and at where it points was never there', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'file'), 'content')
  symlinkSync('nowhere', join(folder, 'link'))
  const { names, problems } = await scan([folder], removeLinks)
  expect(problems).toEqual([])
  expect(names).toEqual(['file'])
})

test('such a link that was asked for by name is reported, and the rest is saved', async () => {
  const folder = scratchFolder()
  const sources = [join(folder, 'file'), join(folder, 'link')]
  writeFileSync(join(folder, 'file'), 'content')
  symlinkSync('nowhere', join(folder, 'link'))
  const { names, problems } = await scan(sources, removeLinks)
  expect(problems).toEqual([`${join(folder, 'link')}: no such file or directory (ENOENT)`])
  expect(names).toEqual(['file'])
})
