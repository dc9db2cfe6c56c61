import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

function run(program: string, args: readonly string[], cwd: string): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Packs the workspaces as they are published, installs the tarballs as users do, and works with what is there then. */
describe('the packed packages', () => {
  const checkout = join(import.meta.dirname, '../../../..')
  let place: string
  let prefix: string

  const varve = (...args: string[]): string => run(join(prefix, 'bin/varve'), args, join(place, 'work'))

  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'varve-packed-'))
    prefix = join(place, 'prefix')
    for (const folder of ['tarballs', 'prefix', 'work']) mkdirSync(join(place, folder))
    run('npm', ['pack', '--workspaces', '--pack-destination', join(place, 'tarballs')], checkout)
    const tarballs = readdirSync(join(place, 'tarballs')).map((name) => join(place, 'tarballs', name))
    run('npm', ['install', '--global', '--prefix', prefix, ...tarballs], place)
  })

  afterAll(() => rmSync(place, { recursive: true, force: true }))

  test('hold compiled JavaScript, declarations, source maps and the kernel, and no sources', () => {
    const engine = join(prefix, 'lib/node_modules/@varve/engine')
    const files = [
      'dist/bundle/index.js',
      'dist/bundle/index.js.map',
      'dist/index.d.ts',
      'wasm/rabin.wasm',
      'LICENSE',
      'README.md',
    ]
    expect(files.filter((file) => !existsSync(join(engine, file)))).toEqual([])
    expect(existsSync(join(engine, 'src'))).toBe(false)
    expect(existsSync(join(prefix, 'lib/node_modules/varve/src'))).toBe(false)
  })

  test('hold few modules, which take time to load one by one, and none that was left from another build', () => {
    const modules = join(prefix, 'lib/node_modules')
    const count = (folder: string): number =>
      readdirSync(join(modules, folder)).filter((name) => name.endsWith('.js')).length
    expect(count('@varve/engine/dist/bundle')).toBeLessThan(50)
    expect(count('varve/dist')).toBeLessThan(100)
    expect(count('@varve/engine/dist')).toBe(0)
  })

  test('hold what threads run beside those who start them', () => {
    const published = new Map([
      ['engine', '@varve/engine'],
      ['mirror', '@varve/mirror'],
    ])
    const sources = globSync('packages/*/src/**/*-worker.ts', { cwd: checkout })
    expect(sources.length).toBeGreaterThan(9)
    const missing = sources.filter((source) => {
      const [, name = ''] = source.split('/')
      const bundle = join(prefix, 'lib/node_modules', published.get(name) ?? name, 'dist/bundle')
      return !existsSync(join(bundle, basename(source).replace(/ts$/, 'js')))
    })
    expect(missing).toEqual([])
  })

  test('give a command that saves, lists, checks and restores', () => {
    const source = join(place, 'work/source')
    mkdirSync(source)
    const content = Buffer.alloc(3_000_000, 'a layer of sediment ')
    writeFileSync(join(source, 'large'), content)
    writeFileSync(join(source, 'small'), 'small')
    expect(varve('--version')).toMatch(/^varve \d+\.\d+\.\d+\n$/)
    varve('snapshot', '--target-directory', source)
    expect(varve('list')).toContain(source)
    varve('check', '--read-data')
    varve('restore', '1', '--output-directory', 'restored')
    expect(readFileSync(join(place, 'work/restored/large')).equals(content)).toBe(true)
    expect(readFileSync(join(place, 'work/restored/small'), 'utf8')).toBe('small')
  })

  test("give a library that runs the README's example", () => {
    const project = join(place, 'project')
    mkdirSync(join(project, 'paintings'), { recursive: true })
    writeFileSync(join(project, 'paintings/sea.txt'), 'waves')
    writeFileSync(join(project, 'package.json'), '{"type":"module"}')
    const tarballs = readdirSync(join(place, 'tarballs')).filter((name) => /varve-(engine|platform)-/.test(name))
    run('npm', ['install', ...tarballs.map((name) => join(place, 'tarballs', name))], project)
    const example = /```ts\n(.*?)```/s.exec(readFileSync(join(checkout, 'packages/engine/README.md'), 'utf8'))?.[1]
    if (example === undefined) throw new Error("the engine's README has no example")
    const reported = 'const reported = []\nfunction report(...values) { reported.push(...values) }\n'
    writeFileSync(join(project, 'example.js'), `${reported}${example}console.log(JSON.stringify(reported.at(-2)))`)
    expect(run(process.execPath, ['example.js'], project)).toBe('0\n')
    expect(readFileSync(join(project, 'restored/sea.txt'), 'utf8')).toBe('waves')
  })
})
