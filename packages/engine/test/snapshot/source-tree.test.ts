import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { currentPlatform } from '@varve/platform'
import { nameToBytes, toFsPath } from '@varve/platform/file-name'
import { arrangeSources, readFolder, type SourceTree } from '../../src/snapshot/source-tree.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'

const platform = currentPlatform()
let base = ''

/** `base` holds work (the working folder) and other, each with the folder `in` and the files `f` and `in/g`. */
beforeEach(() => {
  base = scratchFolder()
  for (const folder of ['work', 'other']) {
    mkdirSync(join(base, folder, 'in', 'deep'), { recursive: true })
    writeFileSync(join(base, folder, 'f'), '')
    writeFileSync(join(base, folder, 'in', 'g'), '')
  }
  const before = process.cwd()
  onTestFinished(() => process.chdir(before))
  process.chdir(join(base, 'work'))
})

/** One line a source or leading folder: where it lies < where it is read from, `!` where it is explicit; `[…]` where metadata comes from. */
function arranged(...paths: readonly string[]): readonly string[] {
  return lines(arrangeSources(paths, platform), '').toSorted()
}

function lines(tree: SourceTree, at: string): string[] {
  return [...tree.children].flatMap(([name, child]) => {
    const where = `${at}/${name}`
    const from = child.path === undefined ? `[${child.infoPath ?? ''}]` : `${child.path}${child.explicit ? '!' : ''}`
    return [`${where} < ${from}`.replaceAll(base, 'BASE'), ...lines(child, where)]
  })
}

describe('an absolute source', () => {
  test('lies below all its parents', () => {
    const parents = base.split('/').slice(1)
    const leading = parents.map((_, index) => {
      const path = `/${parents.slice(0, index + 1).join('/')}`
      return `${path} < [${path}]`.replaceAll(base, 'BASE')
    })
    expect(arranged(join(base, 'work', 'in'))).toEqual(
      [...leading, 'BASE/work < [BASE/work]', 'BASE/work/in < BASE/work/in!'].toSorted(),
    )
  })

  test.each(['%/work//in', '%/work/in/', '%/work/./in', '%/other/../work/in'])('is the same as %s', (path) => {
    expect(arranged(path.replace('%', base))).toEqual(arranged(join(base, 'work', 'in')))
  })

  test('shares its parents with another', () => {
    const both = arranged(join(base, 'work', 'f'), join(base, 'other', 'f'))
    expect(both).toContain('BASE/work/f < BASE/work/f!')
    expect(both).toContain('BASE/other/f < BASE/other/f!')
    expect(both.filter((line) => line.startsWith('BASE < '))).toHaveLength(1)
  })

  test('that is the root of the file system is its entries', () => {
    const names = readFolder('/')
    expect(arranged('/')).toEqual(names.map((name) => `/${name} < /${name}`).toSorted())
    expect(names).toContain('tmp')
  })
})

describe('a relative source', () => {
  test('lies where it was named', () => {
    expect(arranged('f')).toEqual(['/f < f!'])
    expect(arranged('in/g')).toEqual(['/in < [in]', '/in/g < in/g!'])
    expect(arranged('./in/', 'f')).toEqual(['/f < f!', '/in < in!'])
  })

  test('outside the working folder lies without the way there', () => {
    expect(arranged('../other/in')).toEqual(['/other < [../other]', '/other/in < ../other/in!'])
  })

  test('that is a way only is its entries, which rules may leave out', () => {
    const content = ['/f < f', '/in < in']
    expect(arranged('.')).toEqual(content)
    expect(arranged('./')).toEqual(content)
    expect(arranged('in/..')).toEqual(content)
    expect(arranged('..')).toEqual(['/other < ../other', '/work < ../work'])
    const [name] = [basename(base)]
    expect(arranged('../..').filter((line) => line.includes(name))).toEqual([`/${name} < ../../${name}`])
  })

  test('named twice is there once, explicit if it was so at first', () => {
    expect(arranged('f', './f', 'in/../f')).toEqual(['/f < f!'])
    expect(arranged('.', 'f')).toEqual(['/f < f', '/in < in'])
    expect(arranged('f', '.')).toEqual(['/f < f!', '/in < in'])
  })
})

describe('sources of one name', () => {
  test('in different places get numbers', () => {
    expect(arranged('in', '../other/in/deep', '../in')).toEqual([
      '/in < in!',
      '/in-1 < ../in!',
      '/other < [../other]',
      '/other/in < [../other/in]',
      '/other/in/deep < ../other/in/deep!',
    ])
  })

  test('whose number is taken get the next', () => {
    mkdirSync('in-1')
    mkdirSync('../in')
    expect(arranged('in', 'in-1', '../in/x', '../in/y')).toEqual([
      '/in < in!',
      '/in-1 < in-1!',
      '/in-2 < [../in]',
      '/in-2/x < ../in/x!',
      '/in-2/y < ../in/y!',
    ])
  })

  test('with a name that looks numbered is not taken for the other', () => {
    mkdirSync('../in')
    mkdirSync('../in-1')
    expect(arranged('../in-1', 'in', '../in')).toEqual(['/in < in!', '/in-1 < ../in-1!', '/in-2 < ../in!'])
    expect(arranged('in', '../in', '../in-1')).toEqual(['/in < in!', '/in-1 < ../in!', '/in-1-1 < ../in-1!'])
  })

  test('absolute and relative, are different places', () => {
    const [top] = base.split('/').slice(1)
    mkdirSync(join('.', top ?? ''))
    const both = arranged(join(base, 'work'), `./${top}`)
    expect(both).toContain(`/${top} < [/${top}]`)
    expect(both).toContain(`/${top}-1 < ${top}!`)
  })
})

describe('a source within another', () => {
  test('is reached through its entries, so that it is explicit and they are not', () => {
    const expected = ['/in < [in]', '/in/deep < in/deep!', '/in/g < in/g']
    expect(arranged('in', 'in/deep')).toEqual(expected)
    expect(arranged('in/deep', 'in')).toEqual(expected)
  })

  test('two levels down', () => {
    mkdirSync('in/deep/deeper/deepest', { recursive: true })
    writeFileSync('in/deep/h', '')
    expect(arranged('in', 'in/deep/deeper')).toEqual([
      '/in < [in]',
      '/in/deep < [in/deep]',
      '/in/deep/deeper < in/deep/deeper!',
      '/in/deep/h < in/deep/h',
      '/in/g < in/g',
    ])
  })

  test('below a symbolic link, which is followed then', () => {
    symlinkSync('../other', 'link')
    expect(arranged('link')).toEqual(['/link < link!'])
    expect(arranged('link', 'link/in')).toEqual(['/link < [link]', '/link/f < link/f', '/link/in < link/in!'])
  })

  test('that is in a file fails', () => {
    expect(() => arranged('f', 'f/g')).toThrow(
      expect.objectContaining({
        code: 'ERR_VARVE_SOURCE',
        message: "'f' cannot be saved: not a directory (ENOTDIR)",
      }),
    )
  })
})

test('names that are not UTF-8 are read and arranged', () => {
  writeFileSync(Buffer.concat([Buffer.from('in/'), nameToBytes('\udcff\udcfe')]), '')
  writeFileSync(toFsPath('in/\ufffd'), '')
  expect(readFolder('in').toSorted()).toEqual(['deep', 'g', '\udcff\udcfe', '\ufffd'].toSorted())
  expect(arranged('in', 'in/g')).toContain('/in/\udcff\udcfe < in/\udcff\udcfe')
})

test('names like properties that every object has', () => {
  for (const name of ['__proto__', 'constructor', 'toString']) writeFileSync(name, '')
  expect(arranged('__proto__', 'constructor/x', 'toString')).toEqual([
    '/__proto__ < __proto__!',
    '/constructor < [constructor]',
    '/constructor/x < constructor/x!',
    '/toString < toString!',
  ])
})
