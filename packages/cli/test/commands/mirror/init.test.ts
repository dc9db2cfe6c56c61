import { readFileSync, rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mirrorScene } from './scene.ts'

test('a configuration is written that run can read', async () => {
  const { at, mirror } = await mirrorScene()
  rmSync(at('mirror.toml'))
  const made = await mirror('init', 'work', 'backups', '--track', 'projects', '--include', '.')
  expect(made).toMatchObject({ code: 0, err: '' })
  expect(made.out).toBe("Wrote mirror.toml.\nLook through it, then see what 'varve mirror run --dry-run' would do.\n")
  const dry = await mirror('run', '--dry-run')
  expect(dry).toMatchObject({ code: 0, err: '' })
  expect(dry.out).toContain('new       projects/README.md  (6 B, tracked)\n')
  expect(dry.out).toContain('new       other.txt  (12 B)\n')
  expect(readFileSync(at('mirror.toml'), 'utf8')).toContain('# Folders, relative to src')
})

test('with nothing said, it selects nothing, and says so', async () => {
  const { at, mirror } = await mirrorScene()
  const made = await mirror('init', '--config', 'other.json', '--json')
  expect(JSON.parse(made.out)).toEqual({
    message_type: 'initialized',
    config: 'other.json',
    src: '~/Documents',
    dist: '~/Backups',
  })
  expect(JSON.parse(readFileSync(at('other.json'), 'utf8'))).toMatchObject({ src: '~/Documents', include_dirs: [] })
  expect((await mirror('init', '--config', 'third.toml')).out).toContain('Nothing is selected yet')
  const run = await mirror('run', '--config', 'other.json')
  expect(run.code).toBe(1)
  expect(run.err).toContain(
    'Error: the configuration selects nothing\nHint: name folders in include_dirs or track_dirs',
  )
})

test('what is there already, loops and folders elsewhere are refused, and nothing is written', async () => {
  const { at, mirror } = await mirrorScene()
  const before = readFileSync(at('mirror.toml'), 'utf8')
  expect(await mirror('init')).toMatchObject({ code: 1 })
  expect((await mirror('init')).err).toContain("Error: 'mirror.toml' is there already")
  expect((await mirror('init', 'work', 'work/backups', '--force')).err).toContain('lies in the source')
  expect((await mirror('init', 'work', 'backups', '--track', '../x', '--force')).err).toContain('must lie in src')
  expect(readFileSync(at('mirror.toml'), 'utf8')).toBe(before)
  expect(await mirror('init', 'work', 'backups', '--force')).toMatchObject({ code: 0 })
  expect(readFileSync(at('mirror.toml'), 'utf8')).not.toBe(before)
})
