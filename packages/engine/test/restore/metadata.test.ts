import { chmodSync, chownSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { currentPlatform } from '@varve/platform'
import { FileMode, posixPermissions } from '../../src/repository/file-mode.ts'
import type { Node } from '../../src/repository/node.ts'
import { parseTimestamp, ZERO_TIME } from '../../src/repository/timestamp.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { linkTo, RestoreFixture } from './restore-fixture.ts'

const { extendedAttributes } = currentPlatform()
const isRoot = process.geteuid?.() === 0

/** Times of a moment that differs from others by its second. */
function times(second: string): Pick<Node, 'mtime' | 'atime'> {
  return {
    mtime: parseTimestamp(`2001-02-03T04:05:${second}.123456789Z`),
    atime: parseTimestamp(`2002-02-03T04:05:${second}.987654321Z`),
  }
}

describe('restoring metadata', () => {
  test('sets times to the nanosecond, also those of folders and links, and far away ones', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({
      file: fixture.file('x', times('01')),
      many: fixture.file(noise(5000, 1), times('02')),
      link: linkTo('file', times('03')),
      folder: fixture.folder({ file: 'x', other: fixture.folder({}) }, times('04')),
      old: fixture.file('', { mtime: parseTimestamp('1911-01-01T00:00:00.000000001Z') }),
      unknown: fixture.file('', { mtime: ZERO_TIME, atime: ZERO_TIME }),
      'only changed': fixture.file('', { mtime: parseTimestamp('2001-01-01T00:00:00Z'), atime: ZERO_TIME }),
      future: fixture.file('', { mtime: parseTimestamp('2300-01-01T00:00:00.999999999Z') }),
    })
    await fixture.restore()
    const timesOf = (name: string) => {
      const { mtimeNs, atimeNs } = lstatSync(join(fixture.target, name), { bigint: true })
      return { mtimeNs, atimeNs }
    }
    expect(['file', 'many', 'link', 'folder'].map(timesOf)).toEqual(
      [0n, 1n, 2n, 3n].map((second) => ({
        mtimeNs: 981173101123456789n + second * 1_000_000_000n,
        atimeNs: 1012709101987654321n + second * 1_000_000_000n,
      })),
    )
    expect(timesOf('unknown').mtimeNs).toBeGreaterThan(1_700_000_000_000_000_000n)
    expect(timesOf('only changed').atimeNs).toBe(timesOf('only changed').mtimeNs)
    expect(timesOf('old').mtimeNs).toBe(-1861920000n * 1_000_000_000n + 1n)
    expect(timesOf('future').mtimeNs).toBe(10413792000999999999n)
  })

  test('sets modes, special bits among them, whatever the umask', async () => {
    const fixture = await RestoreFixture.create()
    const before = process.umask(0o077)
    try {
      await fixture.snapshot({
        open: fixture.file('x', { mode: 0o666 }),
        setuid: fixture.file('x', { mode: FileMode.setuid + 0o755 }),
        setgid: fixture.file(noise(3000, 1), { mode: FileMode.setgid + 0o755 }),
        closed: fixture.file('x', { mode: 0 }),
        readable: fixture.folder({ file: 'x' }, { mode: FileMode.dir + 0o555 }),
        sticky: fixture.folder({}, { mode: FileMode.dir + FileMode.sticky + 0o777 }),
      })
      expect(await fixture.restore()).toMatchObject({ problems: 0 })
    } finally {
      process.umask(before)
    }
    const mode = (name: string) => (statSync(join(fixture.target, name)).mode & 0o7777).toString(8)
    expect(['open', 'setuid', 'setgid', 'closed', 'readable', 'sticky'].map(mode)).toEqual([
      '666',
      '4755',
      '2755',
      '0',
      '555',
      '1777',
    ])
    chmodSync(join(fixture.target, 'readable'), 0o755)
  })

  test.runIf(isRoot)(
    'gives each of many files in a folder its own owner and mode, whatever that folder hands down',
    async () => {
      const fixture = await RestoreFixture.create()
      const ours = { uid: 0, gid: process.getegid?.() ?? 0 }
      const modes = [0o644, 0o600, 0o666, 0o777, 0o444, 0, FileMode.setuid + 0o755, FileMode.setgid + 0o711]
      const files = Object.fromEntries(
        Array.from({ length: 64 }, (_, number) => [
          `file ${number}`,
          fixture.file(number % 5 === 0 ? '' : `content ${number % 7}`, {
            ...(number % 3 === 0 ? { uid: 54321, gid: 65432 } : number % 3 === 1 ? ours : { ...ours, gid: 65432 }),
            mode: modes[number % modes.length] ?? 0,
            ...times(String(number % 60).padStart(2, '0')),
          }),
        ]),
      )
      await fixture.snapshot({ ...files, handing: fixture.folder(files), made: fixture.folder(files) })
      const handing = join(fixture.target, 'handing')
      mkdirSync(handing, { recursive: true })
      chownSync(handing, 0, 65432)
      chmodSync(handing, 0o2755)
      expect(await fixture.restore()).toMatchObject({ problems: 0 })
      for (const folder of ['', 'handing', 'made']) {
        for (let number = 0; number < 64; number++) {
          const { uid, gid, mode, mtimeNs } = lstatSync(join(fixture.target, folder, `file ${number}`), {
            bigint: true,
          })
          const bits = modes[number % modes.length] ?? 0
          expect({ uid, gid, mode: mode & 0o7777n, mtimeNs }).toEqual({
            uid: number % 3 === 0 ? 54321n : 0n,
            gid: number % 3 === 1 ? BigInt(ours.gid) : 65432n,
            mode: BigInt(posixPermissions(bits)),
            mtimeNs: 981173100123456789n + BigInt(number % 60) * 1_000_000_000n,
          })
        }
      }
    },
  )

  test.runIf(isRoot)('sets owners before modes, also of links', async () => {
    const fixture = await RestoreFixture.create()
    const owner = { uid: 54321, gid: 65432 }
    await fixture.snapshot({
      file: fixture.file('x', { ...owner, mode: FileMode.setuid + 0o755 }),
      folder: fixture.folder({}, owner),
      link: linkTo('file', owner),
    })
    await fixture.restore()
    const owners = ['file', 'folder', 'link'].map((name) => lstatSync(join(fixture.target, name)))
    expect(owners).toMatchObject([owner, owner, owner])
    expect(statSync(join(fixture.target, 'file')).mode & 0o7777).toBe(0o4755)
  })

  test.runIf(extendedAttributes !== undefined)('sets extended attributes', async () => {
    const fixture = await RestoreFixture.create()
    const attributes = [
      { name: 'user.binary', value: Uint8Array.of(0, 255, 1) },
      { name: 'user.empty', value: new Uint8Array() },
    ]
    await fixture.snapshot({
      file: fixture.file('x', { extendedAttributes: attributes }),
      many: fixture.file(noise(3000, 1), { extendedAttributes: attributes.slice(1) }),
      folder: fixture.folder({}, { extendedAttributes: attributes }),
    })
    expect(await fixture.restore()).toMatchObject({ problems: 0 })
    const sorted = (name: string) =>
      (extendedAttributes?.read(join(fixture.target, name)) ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    expect(sorted('file')).toEqual(attributes)
    expect(sorted('many')).toEqual(attributes.slice(1))
    expect(sorted('folder')).toEqual(attributes)
  })

  test.runIf(extendedAttributes !== undefined)(
    'takes away the attributes that a folder of the target gives',
    async () => {
      const fixture = await RestoreFixture.create()
      await fixture.snapshot({
        outer: fixture.folder({ file: 'x', inner: fixture.folder({ large: fixture.file(noise(3000, 1)) }) }),
      })
      const outer = join(fixture.target, 'outer')
      mkdirSync(outer, { recursive: true })
      // A default access control list (acl(5)), by which user 54321 may do everything with what is made in the folder.
      const list = Buffer.from(
        '02000000' +
          '01000700ffffffff' +
          '0200070031d40000' +
          '04000500ffffffff' +
          '10000700ffffffff' +
          '20000500ffffffff',
        'hex',
      )
      extendedAttributes?.replace(outer, [{ name: 'system.posix_acl_default', value: list }])
      expect(await fixture.restore()).toMatchObject({ problems: 0 })
      for (const name of ['', 'file', 'inner', 'inner/large']) {
        expect({ name, attributes: extendedAttributes?.read(join(outer, name)) }).toEqual({ name, attributes: [] })
      }
      expect(statSync(join(outer, 'inner/large')).mode & 0o777).toBe(0o644)
    },
  )

  test('gives a target that it makes the metadata of the folder, and leaves that of another alone', async () => {
    const fixture = await RestoreFixture.create()
    const mtime = parseTimestamp('2001-01-01T00:00:00Z')
    await fixture.snapshot({ source: fixture.folder({ file: 'x' }, { mode: FileMode.dir + 0o711, mtime }) })
    await fixture.restore({ layout: 'content' })
    expect(statSync(fixture.target)).toMatchObject({ mtimeMs: Date.UTC(2001) })
    expect(statSync(fixture.target).mode & 0o7777).toBe(0o711)

    const other = join(fixture.scratch, 'other')
    mkdirSync(other, { mode: 0o750 })
    await fixture.restore({ layout: 'content', target: other })
    expect(statSync(other).mode & 0o7777).toBe(0o750)
    expect(statSync(other).mtimeMs).toBeGreaterThan(Date.UTC(2020))
  })
})
