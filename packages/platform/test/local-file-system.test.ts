import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
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

/** Temporary files lie on ext4 or in memory nearly everywhere; elsewhere there is nothing to show. */
function isOrdinaryDisk(): boolean {
  return process.platform === 'linux' && [0xef53, 0x0102_1994].includes(statfsSync(tmpdir()).type)
}

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

  it.skipIf(!isOrdinaryDisk())('knows the disk that tests run on', async () => {
    statfs.type = undefined
    expect(await isOnLocalFileSystem(scratchFolder())).toBe(true)
  })

  it('says so where there is no such folder', async () => {
    statfs.type = undefined
    await expect(isOnLocalFileSystem('/nowhere/at/all')).rejects.toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })
})
