import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { flushFileSystem } from '@varve/platform'
import { scratchFolder } from '../../../test/scratch-folder.ts'

describe('flushFileSystem', () => {
  it('flushes the file system of a folder, whatever its name, and leaves what is in it', () => {
    const folder = join(scratchFolder(), 'é "\n')
    mkdirSync(folder)
    writeFileSync(join(folder, 'file'), 'content')
    expect(() => flushFileSystem(folder)).not.toThrow()
  })

  it.skipIf(process.platform !== 'linux')('says so where there is no such folder', () => {
    expect(() => flushFileSystem(join(scratchFolder(), 'missing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })
})
