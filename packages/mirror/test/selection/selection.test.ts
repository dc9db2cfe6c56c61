import { describe, expect, it } from 'vitest'
import { Selection } from '../../src/selection/selection.ts'
import { NO_RULES, type SelectionRules } from '../../src/selection/selection-rules.ts'

function select(rules: Partial<SelectionRules>): Selection {
  return new Selection({ ...NO_RULES, ...rules })
}

describe('what is included', () => {
  it('is nothing where no list names anything', () => {
    const selection = select({})
    expect(selection.decideFile('a.txt')).toBe('excluded')
    expect(selection.decideFolder('')).toEqual({ choice: 'excluded', enter: false })
  })

  it('is everything where the source itself is listed', () => {
    const selection = select({ includeDirs: ['.'] })
    expect(selection.decideFile('a.txt')).toBe('mirrored')
    expect(selection.decideFile('a/b/c')).toBe('mirrored')
    expect(selection.decideFolder('')).toEqual({ choice: 'mirrored', enter: true })
    expect(selection.decideFolder('a/b')).toEqual({ choice: 'mirrored', enter: true })
  })

  it('is a folder with all below, and nothing that merely begins like it', () => {
    const selection = select({ includeDirs: ['work/notes/'] })
    expect(selection.decideFile('work/notes/deep/er.txt')).toBe('mirrored')
    expect(selection.decideFile('work/notes2/a.txt')).toBe('excluded')
    expect(selection.decideFile('work/a.txt')).toBe('excluded')
    expect(selection.decideFile('other/work/notes/a.txt')).toBe('excluded')
    expect(selection.decideFolder('work')).toEqual({ choice: 'excluded', enter: true })
    expect(selection.decideFolder('work/notes')).toEqual({ choice: 'mirrored', enter: true })
    expect(selection.decideFolder('work/notes2')).toEqual({ choice: 'excluded', enter: false })
  })

  it('is a link, or anything else, that stands where a folder was listed', () => {
    const selection = select({ includeDirs: ['notes'], trackDirs: ['**/work'], excludeDirs: ['**/cache'] })
    expect(selection.decideFile('notes')).toBe('mirrored')
    expect(selection.decideFile('a/work')).toBe('tracked')
    expect(select({ includeDirs: ['.'], excludeDirs: ['**/build'] }).decideFile('tools/build')).toBe('mirrored')
  })

  it('is a file by its path, or by a pattern at any depth', () => {
    const selection = select({ includeFiles: ['todo.txt', '*.md', 'docs/*.pdf', './*.png'] })
    expect(selection.decideFile('todo.txt')).toBe('mirrored')
    expect(selection.decideFile('a/todo.txt')).toBe('excluded')
    expect(selection.decideFile('README.md')).toBe('mirrored')
    expect(selection.decideFile('a/b/README.md')).toBe('mirrored')
    expect(selection.decideFile('a/docs/x.pdf')).toBe('mirrored')
    expect(selection.decideFile('docs/a/x.pdf')).toBe('excluded')
    expect(selection.decideFile('x.png')).toBe('mirrored')
    expect(selection.decideFile('a/x.png')).toBe('excluded')
  })

  it('has wildcards in folders, and any number of folders for two stars', () => {
    const selection = select({ includeDirs: ['projects/*/src', '**/notes'], includeFiles: ['a/**/b.txt', 'c/**'] })
    expect(selection.decideFile('projects/one/src/deep/x')).toBe('mirrored')
    expect(selection.decideFile('projects/one/deep/src/x')).toBe('excluded')
    expect(selection.decideFile('notes/x')).toBe('mirrored')
    expect(selection.decideFile('q/r/notes/s/x')).toBe('mirrored')
    expect(selection.decideFile('a/b.txt')).toBe('mirrored')
    expect(selection.decideFile('z/a/1/2/b.txt')).toBe('mirrored')
    expect(selection.decideFile('c/d/e')).toBe('mirrored')
    expect(selection.decideFile('c')).toBe('excluded')
  })

  it('has brackets for names with characters that mean something', () => {
    const selection = select({ includeFiles: ['notes [[]2024].txt', 'open [.txt'], excludeFiles: ['*'] })
    expect(selection.decideFile('notes [2024].txt')).toBe('mirrored')
    expect(selection.decideFile('notes 2.txt')).toBe('excluded')
    expect(selection.decideFile('open [.txt')).toBe('mirrored')
    expect(selection.expectedFiles).toEqual(['notes [2024].txt', 'open [.txt'])
  })
})

describe('what is left out', () => {
  it('is a folder by its path, with all below', () => {
    const selection = select({ includeDirs: ['.'], excludeDirs: ['tmp', 'a/cache'] })
    expect(selection.decideFile('tmp/x')).toBe('excluded')
    expect(selection.decideFile('tmpfoo/x')).toBe('mirrored')
    expect(selection.decideFile('a/tmp/x')).toBe('mirrored')
    expect(selection.decideFile('a/cache/b/x')).toBe('excluded')
    expect(selection.decideFolder('a/cache')).toEqual({ choice: 'excluded', enter: false })
  })

  it('is a file by its name, its path or a pattern', () => {
    const selection = select({ trackDirs: ['.'], excludeFiles: ['*.log', 'Thumbs.db', 'a/secret.txt', 'b/*.bin'] })
    expect(selection.decideFile('x/y.log')).toBe('excluded')
    expect(selection.decideFile('x/y/Thumbs.db')).toBe('excluded')
    expect(selection.decideFile('a/secret.txt')).toBe('excluded')
    expect(selection.decideFile('x/a/secret.txt')).toBe('tracked')
    expect(selection.decideFile('x/b/1.bin')).toBe('excluded')
    expect(selection.decideFile('b.bin')).toBe('tracked')
  })

  it('is stronger than folders and patterns, and weaker than an exact path', () => {
    const selection = select({
      includeDirs: ['work/tmp/kept'],
      trackDirs: ['work'],
      excludeDirs: ['work/tmp'],
      includeFiles: ['*.md', 'work/tmp/deep/keep.log', 'other/keep.log'],
      excludeFiles: ['*.log'],
    })
    expect(selection.decideFile('work/tmp/kept/x')).toBe('excluded')
    expect(selection.decideFile('work/tmp/x.md')).toBe('excluded')
    expect(selection.decideFile('work/tmp/deep/keep.log')).toBe('tracked')
    expect(selection.decideFile('other/keep.log')).toBe('mirrored')
    expect(selection.decideFolder('work/tmp')).toEqual({ choice: 'excluded', enter: true })
    expect(selection.decideFolder('work/tmp/deep')).toEqual({ choice: 'excluded', enter: true })
    expect(selection.decideFolder('work/tmp/kept')).toEqual({ choice: 'excluded', enter: false })
  })
})

describe('what is tracked', () => {
  it('is what lies in a tracked folder, whatever else includes it', () => {
    const selection = select({
      includeDirs: ['projects', 'notes'],
      trackDirs: ['projects'],
      includeFiles: ['*.txt', '*.md'],
      trackFiles: ['important.docx'],
      excludeDirs: ['tmp', 'cache'],
      excludeFiles: ['*.log'],
    })
    expect(selection.decideFile('projects/README.md')).toBe('tracked')
    expect(selection.decideFile('projects/a/main.c')).toBe('tracked')
    expect(selection.decideFile('projects/a/main.log')).toBe('excluded')
    expect(selection.decideFile('notes/a.pdf')).toBe('mirrored')
    expect(selection.decideFile('README.md')).toBe('mirrored')
    expect(selection.decideFile('important.docx')).toBe('tracked')
    expect(selection.decideFile('other/a.pdf')).toBe('excluded')
    expect(selection.decideFolder('projects/a')).toEqual({ choice: 'tracked', enter: true })
    expect(selection.decideFolder('notes')).toEqual({ choice: 'mirrored', enter: true })
    expect(selection.decideFolder('other')).toEqual({ choice: 'excluded', enter: true })
  })

  it('need not be included as well', () => {
    const selection = select({ trackDirs: ['work'], trackFiles: ['*.blend'] })
    expect(selection.decideFile('work/a')).toBe('tracked')
    expect(selection.decideFile('scenes/a.blend')).toBe('tracked')
  })

  it('is what a pattern tracks within a folder that is only mirrored', () => {
    const selection = select({ includeDirs: ['media'], trackFiles: ['*.kra'] })
    expect(selection.decideFile('media/a.kra')).toBe('tracked')
    expect(selection.decideFile('media/a.png')).toBe('mirrored')
  })
})

describe('strange names', () => {
  it('are names like others', () => {
    const selection = select({ trackDirs: ['a\nb', '$(x)', '\udcff'], includeFiles: ['*\udc80'] })
    expect(selection.decideFile('a\nb/c')).toBe('tracked')
    expect(selection.decideFile('$(x)/"\'')).toBe('tracked')
    expect(selection.decideFile('\udcff/x')).toBe('tracked')
    expect(selection.decideFile('x\udc80')).toBe('mirrored')
    expect(selection.decideFile('x\u{1f480}')).toBe('excluded')
    expect(select({ includeFiles: ['a\n*'] }).decideFile('a\n\nb')).toBe('mirrored')
    expect(select({ includeFiles: ['__proto__', 'constructor'] }).decideFile('toString')).toBe('excluded')
  })
})

describe('speed', () => {
  it('is far more than a file system needs', () => {
    const selection = select({
      includeDirs: ['projects', 'notes', '**/docs'],
      trackDirs: ['projects/a', 'package5*'],
      excludeDirs: ['**/node_modules', 'tmp', 'projects/*/build'],
      includeFiles: ['*.md', '*.txt', 'src/*.ts'],
      trackFiles: ['[A-Z]*.pdf', 'LICENSE'],
      excludeFiles: ['*.log', '*~', '.DS_Store', '*.tmp?'],
    })
    const paths = Array.from(
      { length: 80_000 },
      (_, i) => `package${i % 800}/source/part${i % 80}/file-${i}.js`,
    ).toSorted()
    const started = performance.now()
    for (const path of paths) selection.decideFile(path)
    // About 30 ms on an idle machine; the limit is for busy ones.
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
