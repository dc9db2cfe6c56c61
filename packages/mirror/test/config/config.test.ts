import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isVarveError } from '@varve/platform'
import { describe, expect, it } from 'vitest'
import { loadConfig, type NewConfig, newConfigText, NO_RULES, type Profile } from '@varve/mirror'
import { configFormat } from '../../src/config/parse-config.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'

const HOME = '/home/somebody'

/** What a configuration file with this content says. */
function load(content: string, names: readonly string[] | 'all' = [], name = 'mirror.toml'): readonly Profile[] {
  const folder = scratchFolder()
  writeFileSync(join(folder, name), content)
  return loadConfig({ file: name, folder, home: HOME }, names)
}

function loadJson(value: unknown, names: readonly string[] | 'all' = []): readonly Profile[] {
  return load(JSON.stringify(value), names, 'my.json')
}

function messageOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return isVarveError(error, 'ERR_VARVE_CONFIG') ? error.message : `another error: ${String(error)}`
  }
  return 'nothing was thrown'
}

const PLACES = { src: '/nowhere/work', dist: '/nowhere/backups' }

/** The example of the original program's documentation. */
const EXAMPLE = {
  src: '~/Documents',
  dist: '~/Backups',
  include_dirs: ['projects', 'notes'],
  track_dirs: ['projects'],
  include_files: ['*.txt', '*.md'],
  track_files: ['important.docx'],
  exclude_dirs: ['tmp', 'cache'],
  exclude_files: ['*.log'],
  max_workers: 8,
}

const EXAMPLE_CONFIG = {
  source: '/home/somebody/Documents',
  destination: '/home/somebody/Backups',
  rules: {
    includeDirs: ['projects', 'notes'],
    trackDirs: ['projects'],
    excludeDirs: ['tmp', 'cache'],
    includeFiles: ['*.txt', '*.md'],
    trackFiles: ['important.docx'],
    excludeFiles: ['*.log'],
  },
  maxWorkers: 8,
}

describe('a configuration', () => {
  it('is the JSON of the original program, with dist or dst', () => {
    expect(loadJson(EXAMPLE)).toEqual([{ name: undefined, config: EXAMPLE_CONFIG }])
    const { dist: dst, ...others } = EXAMPLE
    expect(loadJson({ ...others, dst })).toEqual([{ name: undefined, config: EXAMPLE_CONFIG }])
  })

  it('is the same in TOML', () => {
    const toml = Object.entries(EXAMPLE).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    expect(load(toml.join(''))).toEqual([{ name: undefined, config: EXAMPLE_CONFIG }])
  })

  it('needs no more than two folders, which are relative to the file', () => {
    const folder = scratchFolder()
    mkdirSync(join(folder, 'sub'))
    writeFileSync(join(folder, 'sub/c.toml'), 'src = "work"\ndst = "../backups"\n')
    const [profile] = loadConfig({ file: 'sub/c.toml', folder, home: undefined }, [])
    expect(profile?.config).toEqual({
      source: join(folder, 'sub/work'),
      destination: join(folder, 'backups'),
      rules: NO_RULES,
      maxWorkers: undefined,
    })
  })

  it('is looked for under three names', () => {
    const folder = scratchFolder()
    const place = { file: undefined, folder, home: HOME }
    expect(messageOf(() => loadConfig(place, []))).toContain('no mirror.toml, mirror.json or config.json')
    expect(messageOf(() => loadConfig({ ...place, file: 'my.json' }, []))).toBe(
      `Config file not found: ${join(folder, 'my.json')}`,
    )
    for (const [name, src] of [
      ['config.json', '/nowhere/1'],
      ['mirror.json', '/nowhere/2'],
    ] as const) {
      writeFileSync(join(folder, name), JSON.stringify({ ...PLACES, src }))
      expect(loadConfig(place, [])[0]?.config.source).toBe(src)
    }
    writeFileSync(join(folder, 'mirror.toml'), 'src = "/nowhere/3"\ndist = "/nowhere/backups"')
    expect(loadConfig(place, [])[0]?.config.source).toBe('/nowhere/3')
  })

  it('has names that are not UTF-8 in JSON', () => {
    const [profile] = load(
      '{"src": "/nowhere/\\udce9", "dist": "/elsewhere", "track_files": ["*\\udcff"]}',
      [],
      'c.json',
    )
    expect(profile?.config).toMatchObject({ source: '/nowhere/\udce9', rules: { trackFiles: ['*\udcff'] } })
  })
})

describe('profiles', () => {
  const written = {
    src: '~/work',
    dist: '~/shared',
    track_dirs: ['.'],
    max_workers: 2,
    profiles: { usb: { dst: '/media/usb' }, disk: { max_workers: 4, track_dirs: ['scenes'] } },
  }

  it('share what they do not say themselves', () => {
    expect(loadJson(written, 'all')).toMatchObject([
      { name: 'usb', config: { source: '/home/somebody/work', destination: '/media/usb', maxWorkers: 2 } },
      {
        name: 'disk',
        config: { destination: '/home/somebody/shared', maxWorkers: 4, rules: { trackDirs: ['scenes'] } },
      },
    ])
    expect(loadJson(written, ['disk', 'usb']).map(({ name }) => name)).toEqual(['disk', 'usb'])
  })

  it('are named where there are several', () => {
    expect(messageOf(() => loadJson(written))).toContain('has several profiles, and none was named')
    expect(messageOf(() => loadJson(written, ['tape']))).toContain("has no profile 'tape'")
    expect(messageOf(() => loadJson(PLACES, ['tape']))).toContain("has no profile 'tape'")
    expect(loadJson({ ...PLACES, profiles: { only: {} } })).toMatchObject([{ name: 'only' }])
    expect(messageOf(() => loadJson({ ...PLACES, profiles: {} }))).toContain('has no profile in it')
  })

  it('that are not asked for do not matter, loops included', () => {
    const both = { ...PLACES, profiles: { good: {}, loop: { dist: '/nowhere/work/backups' } } }
    expect(loadJson(both, ['good'])).toHaveLength(1)
    expect(messageOf(() => loadJson(both, ['loop']))).toContain('lies in the source')
  })
})

describe('an error', () => {
  it.each([
    [
      { ...PLACES, include_dirs: 'projects' },
      'include_dirs must be a list of folders, such as ["projects", "notes"]; it is "projects"',
    ],
    [{ ...PLACES, track_files: ['a', 7] }, 'track_files[2] must be text; it is 7'],
    [{ ...PLACES, max_workers: 0 }, 'max_workers must be a whole number from 1 to 256; it is 0'],
    [{ ...PLACES, max_workers: 1.5 }, 'max_workers must be a whole number from 1 to 256; it is 1.5'],
    [{ ...PLACES, max_workers: '8' }, 'max_workers must be a whole number from 1 to 256; it is "8"'],
    [{ ...PLACES, src: ['a'] }, 'src must be the path of a folder, such as "~/Documents"; it is ["a"]'],
    [{ ...PLACES, src: '' }, 'src must be the path of a folder'],
    [{ ...PLACES, include_dir: [] }, 'include_dir is not a key that there is; those are src, dist, dst, include_dirs'],
    [{ ...PLACES, directory_priority: 'track' }, 'what any list tracks is tracked'],
    [
      { ...PLACES, profiles: { usb: { exclude_dirs: ['a', '/b'] } } },
      'profiles.usb.exclude_dirs[2] must be relative to src',
    ],
    [{ ...PLACES, profiles: { usb: { nonsense: 1 } } }, 'profiles.usb.nonsense is not a key that there is'],
    [{ ...PLACES, profiles: [] }, 'profiles must be a table of profiles'],
    [{ ...PLACES, profiles: { usb: 3 } }, 'profiles.usb must be a table of keys and values; it is 3'],
    [{ ...PLACES, include_dirs: ['../other'] }, 'include_dirs[1] must lie in src'],
    [{ ...PLACES, include_dirs: [''] }, 'include_dirs[1] must not be empty'],
    [{ ...PLACES, include_dirs: ['~/a'] }, 'include_dirs[1] must be relative to src'],
    [{ ...PLACES, include_files: ['docs/'] }, 'include_files[1] must not end in "/"'],
    [{ ...PLACES, include_files: ['.'] }, 'include_files[1] must name files'],
    [{ ...PLACES, include_files: ['*.md:rec'] }, 'include_files[1] must not end in ":rec"'],
    [{ ...PLACES, exclude_files: ['a\0b'] }, 'exclude_files[1] must not contain a NUL'],
    [{ dist: '/b' }, 'src is missing'],
    [{ src: '/a' }, 'dist is missing'],
    [{ ...PLACES, dst: '/b' }, 'dist and dst are two words for the same'],
    [[], 'the configuration must be a table of keys and values; it is []'],
    [null, 'the configuration must be a table of keys and values; it is null'],
  ])('of %j names the key, and says what would be right', (content, message) => {
    expect(messageOf(() => loadJson(content))).toContain(message)
  })

  it('tells all faults at once', () => {
    const message = messageOf(() => loadJson({ ...PLACES, max_workers: -1, track_dirs: 4 }))
    expect(message).toContain('max_workers must be')
    expect(message).toContain('track_dirs must be')
  })

  it('of the form says where it is', () => {
    expect(messageOf(() => load('src = "a"\ndist = b"\n'))).toMatch(/mirror\.toml, line 2, column \d+: /)
    expect(messageOf(() => load('src = "a"\nsrc = "b"\n'))).toMatch(/mirror\.toml, line 2/)
    expect(messageOf(() => load('{"src": }', [], 'c.json'))).toMatch(/c\.json is not JSON: .*'}'/)
    expect(messageOf(() => load('', [], 'c.json'))).toContain('c.json is not JSON')
    expect(messageOf(() => loadConfig({ file: '.', folder: scratchFolder(), home: HOME }, []))).toContain('is a folder')
  })

  it('of the encoding says how to write such names', () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'c.json'), Buffer.from('{"src": "\xe9"}', 'latin1'))
    expect(messageOf(() => loadConfig({ file: 'c.json', folder, home: HOME }, []))).toContain('c.json is not UTF-8')
  })
})

function loadPlaces(folder: string, src: string, dist: string): () => unknown {
  writeFileSync(join(folder, 'c.json'), JSON.stringify({ src, dist }))
  return () => loadConfig({ file: 'c.json', folder, home: HOME }, [])
}

describe('a loop', () => {
  it('is refused, whichever of the two lies in the other', () => {
    const folder = scratchFolder()
    mkdirSync(join(folder, 'work/sub'), { recursive: true })
    expect(messageOf(loadPlaces(folder, 'work', 'work'))).toContain('lies in the source')
    expect(messageOf(loadPlaces(folder, 'work', 'work/sub/not/there'))).toContain('lies in the source')
    expect(messageOf(loadPlaces(folder, 'work/sub', 'work'))).toContain('lies in the destination')
    expect(messageOf(loadPlaces(folder, 'not/there', 'not'))).toContain('lies in the destination')
    expect(messageOf(loadPlaces(folder, '/', 'work'))).toContain('lies in the source')
    expect(loadPlaces(folder, 'work', 'work2')()).toHaveLength(1)
  })

  it('is refused through links', () => {
    const folder = scratchFolder()
    mkdirSync(join(folder, 'work/sub'), { recursive: true })
    symlinkSync('work/sub', join(folder, 'link'))
    symlinkSync('link', join(folder, 'link to link'))
    expect(messageOf(loadPlaces(folder, 'work', 'link'))).toContain('lies in the source')
    expect(messageOf(loadPlaces(folder, 'work', 'link to link/not/there'))).toContain('lies in the source')
    expect(messageOf(loadPlaces(folder, 'link', 'work'))).toContain('lies in the destination')
    expect(messageOf(loadPlaces(folder, 'link', 'work/sub'))).toContain('lies in the source')
    symlinkSync('itself', join(folder, 'itself'))
    expect(loadPlaces(folder, 'work', 'itself/x')()).toHaveLength(1)
  })
})

describe('a new configuration', () => {
  const wanted: NewConfig = {
    src: '~/my "work"\n',
    dist: '/media/$(x)\\',
    includeDirs: ['.'],
    trackDirs: ["it's", 'b'],
  }

  it.each(['c.toml', 'c.json', 'c'])('called %s says what it was told', (name) => {
    const [profile] = load(newConfigText(name, wanted), [], name)
    expect(profile?.config).toMatchObject({
      source: '/home/somebody/my "work"\n',
      destination: '/media/$(x)\\',
      rules: { includeDirs: ['.'], trackDirs: ["it's", 'b'], excludeDirs: [], includeFiles: [] },
    })
  })

  it('in TOML refuses what TOML cannot say', () => {
    expect(messageOf(() => newConfigText('c.toml', { ...wanted, src: '\udcff' }))).toContain(
      'cannot be written in TOML',
    )
    expect(load(newConfigText('c.json', { ...wanted, src: '/\udcff' }), [], 'c.json')[0]?.config.source).toBe('/\udcff')
  })

  it('is refused where it could not be read', () => {
    expect(messageOf(() => newConfigText('c.toml', { ...wanted, trackDirs: ['../x'] }))).toBe(
      'c.toml: track_dirs[1] must lie in src: leave out ".."; it is "../x"',
    )
  })

  it('has the form that its name says, or its beginning', () => {
    expect(configFormat('a.TOML', '{')).toBe('toml')
    expect(configFormat('a.json', '')).toBe('json')
    expect(configFormat('a', ' {"src"')).toBe('json')
    expect(configFormat('a', 'src = "a"')).toBe('toml')
  })
})
