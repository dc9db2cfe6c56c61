import { statfsSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { isOnLocalFileSystem } from '@varve/platform'
import { scratchFolder } from '../../../test/scratch-folder.ts'

const statfs = vi.hoisted(() => ({ type: undefined as bigint | undefined }))

vi.mock(import('node:fs/promises'), async (importOriginal) => {
  const original = await importOriginal()
  const pretending = async (path: string, options: { bigint: true }) => {
    const real = await original.statfs(path, options)
    return statfs.type === undefined ? real : { ...real, type: statfs.type }
  }
  return { ...original, statfs: pretending as typeof original.statfs }
})

describe.skipIf(process.platform !== 'linux')('isOnLocalFileSystem', () => {
  it.each([
    ['ext4', 0xef53n, true],
    ['btrfs', 0x9123683en, true],
    ['btrfs where the number has a sign', BigInt.asIntN(64, BigInt.asIntN(32, 0x9123683en)), true],
    ['NFS', 0x6969n, false],
    ['SMB', 0xfe534d42n, false],
    ['FUSE', 0x65735546n, false],
    ['9P', 0x01021997n, false],
    ['something that nobody has heard of', 0x12345678n, false],
  ])('%s', async (_, type, expected) => {
    statfs.type = type
    expect(await isOnLocalFileSystem(scratchFolder())).toBe(expected)
  })

  it('knows the disk that tests run on', async () => {
    statfs.type = undefined
    const folder = scratchFolder()
    // 0xef53 and the like; a machine whose temporary files lie on a network has nothing to show here.
    expect(await isOnLocalFileSystem(folder)).toBe(statfsSync(folder).type !== 0x6969)
  })

  it('says so where there is no such folder', async () => {
    statfs.type = undefined
    await expect(isOnLocalFileSystem('/nowhere/at/all')).rejects.toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })
})
