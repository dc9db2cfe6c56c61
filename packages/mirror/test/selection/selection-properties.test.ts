import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Choice, Selection } from '../../src/selection/selection.ts'
import type { SelectionRules } from '../../src/selection/selection-rules.ts'

/** Few names and short paths, so that rules and paths meet often. */
const name = fc.constantFrom('a', 'b', 'ab', 'a.md', 'b.md', 'c', '\udc80', '\u{1f480}')
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'))
const part = fc.oneof(name, fc.constantFrom('*', '**', '?', '[ab]', '[!a]', 'a*', '*b', '*.md', 'a*b', '[!b]*', '[c]'))
const pattern = fc
  .tuple(fc.boolean(), fc.array(part, { minLength: 1, maxLength: 3 }))
  .map(([anchored, parts]) => `${anchored ? './' : ''}${parts.join('/')}`)
const list = (entry: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> => fc.array(entry, { maxLength: 3 })
const folders = list(fc.oneof(path, pattern, fc.constant('.')))
const files = list(fc.oneof(path, pattern))
const rules: fc.Arbitrary<SelectionRules> = fc.record({
  includeDirs: folders,
  trackDirs: folders,
  excludeDirs: list(fc.oneof(path, pattern)),
  includeFiles: files,
  trackFiles: files,
  excludeFiles: files,
})

/** The same as a regular expression; names have no characters that mean anything in one but dots. */
function expression(text: string, anchored: boolean): RegExp {
  const parts = text.replace(/^\.\//, '').split('/')
  const source = parts.map((one, i) => {
    if (one === '**') return i === parts.length - 1 ? '.+/' : '(?:[^/]+/)*'
    return `${one.replaceAll('.', '\\.').replaceAll('*', '[^/]*').replaceAll('?', '[^/]').replaceAll('[!', '[^/')}/`
  })
  return new RegExp(`^${anchored ? '' : '(?:[^/]+/)*'}${source.join('')}$`, 'su')
}

function isExact(entry: string): boolean {
  return !/[*?]|\[[^c]/.test(entry)
}

function exactPath(entry: string): string {
  return entry.replace(/^\.\//, '').replaceAll('[c]', 'c')
}

function foldersOf(file: string): readonly string[] {
  const names = file.split('/')
  return ['', ...names.slice(0, -1).map((_, i) => names.slice(0, i + 1).join('/'))]
}

function isFolderOf(entry: string, folder: string): boolean {
  return entry === '.' ? folder === '' : folder !== '' && expression(entry, true).test(`${folder}/`)
}

function lies(entries: readonly string[], paths: readonly string[]): boolean {
  return entries.some((entry) => paths.some((folder) => isFolderOf(entry, folder)))
}

/** What the documentation says, word for word. */
function decide(all: SelectionRules, file: string): Choice {
  const named = (list: readonly string[]): boolean => list.some((one) => isExact(one) && exactPath(one) === file)
  const matched = (list: readonly string[]): boolean =>
    list.some((one) => !isExact(one) && expression(one, one.startsWith('./')).test(`${file}/`))
  const last = file.split('/').at(-1)
  const nameExcluded = all.excludeFiles.some((one) => isExact(one) && !one.includes('/') && exactPath(one) === last)
  const around = [...foldersOf(file), file]
  const tracked = named(all.trackFiles) || matched(all.trackFiles) || lies(all.trackDirs, around)
  const included = tracked || named(all.includeFiles) || matched(all.includeFiles) || lies(all.includeDirs, around)
  const leftOut =
    lies(all.excludeDirs, foldersOf(file)) || nameExcluded || named(all.excludeFiles) || matched(all.excludeFiles)
  const explicit = named(all.includeFiles) || named(all.trackFiles)
  if (!included || (leftOut && !explicit)) return 'excluded'
  return tracked ? 'tracked' : 'mirrored'
}

describe('a selection', () => {
  it('decides as its rules say, and enters every folder that has something', () => {
    fc.assert(
      fc.property(rules, fc.array(path, { minLength: 1, maxLength: 10 }), (all, paths) => {
        const selection = new Selection(all)
        for (const file of paths) {
          const choice = selection.decideFile(file)
          expect({ file, choice }).toEqual({ file, choice: decide(all, file) })
          const entered = foldersOf(file).every((folder) => selection.decideFolder(folder).enter)
          expect({ file, entered: entered || choice === 'excluded' }).toEqual({ file, entered: true })
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('does with a folder what it would do with something new in it', () => {
    fc.assert(
      fc.property(rules, path, (all, folder) => {
        const byFolders = { ...all, includeFiles: [], trackFiles: [], excludeFiles: [] }
        const around = [...foldersOf(`${folder}/new`)]
        const excluded = lies(all.excludeDirs, around)
        const tracked = lies(all.trackDirs, around)
        const included = tracked || lies(all.includeDirs, around)
        const choice = excluded || !included ? 'excluded' : tracked ? 'tracked' : 'mirrored'
        expect(new Selection(byFolders).decideFolder(folder)).toMatchObject({ choice })
        expect(new Selection(all).decideFolder(folder)).toMatchObject({ choice })
      }),
      { numRuns: 1000 },
    )
  })
})
