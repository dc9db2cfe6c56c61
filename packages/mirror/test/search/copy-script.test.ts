import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nameFromBytes } from '@varve/platform'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { copyScript, quoteForShell } from '../../src/search/copy-script.ts'
import { searchIncrements } from '../../src/search/search.ts'
import type { SearchQuery } from '../../src/search/search-query.ts'
import { entriesOf, scanTree, stateOf, TestDestination, type PlantedTree } from '../history/destination.ts'

const TREE: PlantedTree = {
  'a b/new\nline\n': 'newline',
  'quote \' and "': 'quotes',
  '$(touch injected)': 'substitution',
  '`touch injected`': 'backquotes',
  "'; touch injected; '": 'semicolon',
  '-rf': 'dashes',
  '--/-x': 'dashes in a folder',
  [nameFromBytes(Buffer.from([0xff, 0x27, 0xfe, 0x0a, 0x80]))]: 'no UTF-8',
  '*': 'star',
  '~': 'tilde',
  '\\': 'backslash',
  '# no comment': 'hash',
  'link $HOME': { type: 'symlink', target: "$(touch injected)'" },
}

async function makeScript(
  tree: PlantedTree = TREE,
  query: SearchQuery = {},
  folder = "dist $(touch injected) '\n",
): Promise<{ readonly script: string; readonly name: string; readonly work: string }> {
  const work = scratchFolder()
  const destination = new TestDestination(join(work, folder))
  const name = destination.increment(tree)
  for (const [path, planted] of Object.entries(tree)) {
    if (typeof planted !== 'string' && planted.type === 'symlink')
      symlinkSync(planted.target, join(destination.folder(1), 'track', path))
  }
  const script = join(work, 'script.sh')
  writeFileSync(script, copyScript(destination.path, await searchIncrements(destination.path, query)))
  return { script, name, work }
}

describe('scripts', () => {
  it.each(['sh', 'bash'])('copy files whatever their names are (%s)', async (shell) => {
    if (spawnSync(shell, ['-c', ':']).status !== 0) return
    const { script, name, work } = await makeScript()
    for (const target of ['-rf', 'some where/$(touch injected)']) {
      execFileSync(shell, [script, target], { cwd: work })
      const copied = scanTree(join(work, target, name))
      expect(copied.filter(({ state }) => state.type === 'file')).toEqual(
        entriesOf(TREE).filter(({ state }) => state.type === 'file'),
      )
      expect(readlinkSync(join(work, target, name, 'link $HOME'))).toBe("$(touch injected)'")
    }
    expect(readdirSync(work).some((entry) => entry.includes('injected') && !entry.startsWith('dist'))).toBe(false)
  })

  it('replace nothing, and say so', async () => {
    const { script, name, work } = await makeScript({ a: 'new', b: 'new' })
    mkdirSync(join(work, 'copied', name), { recursive: true })
    writeFileSync(join(work, 'copied', name, 'a'), 'mine')
    const { status, stderr } = spawnSync('sh', [script], { cwd: work, encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toContain('it is there already')
    expect(readFileSync(join(work, 'copied', name, 'a'), 'utf8')).toBe('mine')
    expect(readFileSync(join(work, 'copied', name, 'b'), 'utf8')).toBe('new')
  })

  it('go through no link', async () => {
    const { script, name, work } = await makeScript({ 'deep/folder/a': 'new' })
    mkdirSync(join(work, 'copied', name, 'deep'), { recursive: true })
    mkdirSync(join(work, 'outside'))
    symlinkSync(join(work, 'outside'), join(work, 'copied', name, 'deep', 'folder'))
    expect(spawnSync('sh', [script], { cwd: work }).status).toBe(1)
    expect(existsSync(join(work, 'outside', 'a'))).toBe(false)
  })

  it('copy what was found, and nothing else', async () => {
    const { script, name, work } = await makeScript(TREE, { masks: ['*dash*', '-rf'] })
    execFileSync('sh', [script], { cwd: work })
    expect(scanTree(join(work, 'copied', name))).toEqual([{ path: '-rf', state: stateOf('dashes') }])
  })

  it('quote any text', () => {
    const text = fc.string({
      unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '(', ')', '*', '!', '#', 'a', 'é'),
      maxLength: 12,
    })
    fc.assert(
      fc.property(fc.array(text, { maxLength: 40 }), (texts) => {
        const output = execFileSync('sh', ['-c', `printf '%s\\0' . ${texts.map(quoteForShell).join(' ')}`], {
          encoding: 'utf8',
        })
        expect(output).toBe(['.', ...texts, ''].join('\0'))
      }),
      { numRuns: 20 },
    )
  })
})
