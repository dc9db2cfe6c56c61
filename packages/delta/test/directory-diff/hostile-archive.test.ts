import { hash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { accessTo, applyDiff, computeDelta, computeSignature, type EntryState } from '@varve/delta'
import { memberName } from '../../src/directory-diff/archive-format.ts'
import { memoryFolder } from '../directory-index/memory-folder.ts'
import { file, folder, link, plant, survey, type Tree } from '../directory-index/trees.ts'
import { change, forge, writeSealed, type Forgery } from './forged-archive.ts'

const TIME = 1_600_000_000_123_456_789n
const CONTENT = Buffer.from('content')

function fileState(content: Uint8Array, rest: Partial<EntryState> = {}): EntryState {
  return {
    type: 'file',
    mode: 0o644,
    mtime: TIME,
    size: content.length,
    hash: hash('sha256', content, 'hex'),
    ...rest,
  } as EntryState
}

const DIR: EntryState = { type: 'dir', mode: 0o755, mtime: TIME }
const created = (path: string, bytes: Uint8Array = CONTENT) => ({ name: memberName('created', path), bytes })

const TREE: Tree = { kept: file('kept'), in: folder({ side: file('side') }), out: link('..') }
const BASE: Readonly<Record<string, EntryState>> = {
  in: DIR,
  'in/side': fileState(Buffer.from('side')),
  kept: fileState(Buffer.from('kept')),
  out: { type: 'symlink', mode: 0o777, mtime: TIME, target: '..' },
}

/** A forged archive, applied to the tree that it is for: nothing may have been written anywhere. */
async function apply(forgery: Partial<Forgery>): Promise<unknown> {
  const scratch = memoryFolder()
  const archive = join(scratch, 'hostile.tgz')
  plant(join(scratch, 'base'), TREE)
  forge(archive, { base: BASE, changes: [], members: [], ...forgery })
  return await applied(scratch, archive)
}

async function applied(scratch: string, archive: string): Promise<unknown> {
  const [names, before] = [readdirSync(scratch), survey(join(scratch, 'base'))]
  const result: unknown = await applyDiff(join(scratch, 'base'), archive).then(
    () => 'applied',
    (error: unknown) => error,
  )
  const isUntouched = isDeepStrictEqual([readdirSync(scratch), survey(join(scratch, 'base'))], [names, before])
  expect(isUntouched).toBe(result !== 'applied')
  return result
}

const refused = (code: string, message: RegExp) => ({
  name: 'VarveError',
  code,
  message: expect.stringMatching(message) as string,
})

describe('applyDiff', () => {
  it('applies what is forged well: the other tests are refused for what they say', async () => {
    const changes = [change('new', { after: fileState(CONTENT) })]
    expect(await apply({ changes, members: [created('new')] })).toBe('applied')
  })

  it.each(['../evil', '/evil', 'in/../../evil', 'in/./evil', '.', '..', 'in//evil', 'evil/', 'nul\0', ''])(
    'refuses the path %j',
    async (path) => {
      const changes = [change(path, { after: fileState(CONTENT) })]
      expect(await apply({ changes, members: [created(path)] })).toMatchObject(
        refused('ERR_VARVE_DAMAGED', /is not the path of an entry/),
      )
    },
  )

  it('refuses a source outside the directory', async () => {
    const changes = [change('new', { after: fileState(CONTENT), source: '../secret' })]
    expect(await apply({ changes })).toMatchObject(refused('ERR_VARVE_DAMAGED', /is not the path of an entry/))
  })

  it('refuses to write through a symbolic link of the directory', async () => {
    const changes = [change('out/evil', { after: fileState(CONTENT) })]
    expect(await apply({ changes, members: [created('out/evil')] })).toMatchObject(
      refused('ERR_VARVE_DAMAGED', /in something that is not a folder/),
    )
  })

  it('refuses to write through a symbolic link that it brings itself', async () => {
    const target: EntryState = { type: 'symlink', mode: 0o777, mtime: TIME, target: '/tmp' }
    const changes = [change('l', { after: target }), change('l/evil', { after: fileState(CONTENT) })]
    expect(await apply({ changes, members: [created('l/evil')] })).toMatchObject(
      refused('ERR_VARVE_DAMAGED', /in something that is not a folder/),
    )
  })

  it('refuses entries in folders that are not there, or that go', async () => {
    const nowhere = [change('nowhere/new', { after: fileState(CONTENT) })]
    expect(await apply({ changes: nowhere, members: [created('nowhere/new')] })).toMatchObject(
      refused('ERR_VARVE_DAMAGED', /in something that is not a folder/),
    )
    const orphan = [change('in', { before: DIR })]
    expect(await apply({ changes: orphan })).toMatchObject(refused('ERR_VARVE_DAMAGED', /stays in a folder that goes/))
  })

  it('refuses changes that come twice or out of order', async () => {
    const a = change('a', { after: fileState(CONTENT) })
    const b = change('b', { after: fileState(CONTENT) })
    for (const changes of [
      [a, a],
      [b, a],
    ]) {
      expect(await apply({ changes, members: changes.map(({ path }) => created(path)) })).toMatchObject(
        refused('ERR_VARVE_DAMAGED', /comes after/),
      )
    }
  })

  it.each([
    ['another content', [created('new', Buffer.from('CONTENT'))], /is not what it should be/],
    ['a longer content', [created('new', Buffer.from('contents'))], /which cannot be/],
    ['no content', [], /the end stands where the content of 'new' should be/],
    ['an unknown member', [created('new'), { name: 'created/unknown', bytes: CONTENT }], /belongs to nothing/],
    ['a member twice', [created('new'), created('new')], /belongs to nothing/],
    ['a member before', [{ name: 'README', bytes: CONTENT }, created('new')], /stands where the content/],
    [
      'a link',
      [{ ...created('new', Buffer.alloc(0)), type: 'symlink' as const, linkTarget: '/etc/passwd' }],
      /stands where/,
    ],
    ['a folder', [{ ...created('new', Buffer.alloc(0)), type: 'dir' as const }], /stands where/],
    ['a path for a name', [{ name: 'new', bytes: CONTENT }], /stands where/],
    ['a size beyond all reason', [{ ...created('new'), size: 2 ** 52 }], /which cannot be/],
    ['a delta of nothing', [{ name: memberName('updated', 'new'), bytes: CONTENT }], /stands where/],
  ])('refuses %s', async (_, members, message) => {
    const changes = [change('new', { after: fileState(CONTENT) })]
    expect(await apply({ changes, members })).toMatchObject(refused('ERR_VARVE_DAMAGED', message))
  })

  it('refuses a delta that makes another file, or more than it should', async () => {
    const before = Buffer.from('kept')
    const signature = await computeSignature([before])
    const delta: Uint8Array[] = []
    for await (const piece of computeDelta(signature, [Buffer.alloc(5000, 'kept')])) delta.push(piece)
    const bytes = Buffer.concat(delta)
    expect(accessTo(bytes).size).toBe(bytes.length)
    const members = [{ name: memberName('updated', 'kept'), bytes }]
    for (const after of [
      fileState(Buffer.alloc(5000, 'x')),
      fileState(Buffer.alloc(4000, 'k')),
      fileState(Buffer.alloc(6000)),
    ]) {
      const changes = [change('kept', { before: fileState(before), after })]
      const result = await apply({ changes, members: bytes.length < 6000 ? members : [] })
      expect(result).toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
    }
  })

  it('refuses renamed files without a source, with one that stays, and two with the same', async () => {
    const kept = fileState(Buffer.from('kept'))
    const message = /do not fit together/
    const lone = [change('new', { after: kept, source: 'kept' })]
    expect(await apply({ changes: lone })).toMatchObject(refused('ERR_VARVE_DAMAGED', message))
    const twice = [
      change('kept', { before: kept, isSource: true }),
      change('new1', { after: kept, source: 'kept' }),
      change('new2', { after: kept, source: 'kept' }),
    ]
    expect(await apply({ changes: twice })).toMatchObject(refused('ERR_VARVE_DAMAGED', message))
    const other = [
      change('kept', { before: kept, isSource: true }),
      change('new', { after: fileState(Buffer.from('else')), source: 'kept' }),
    ]
    expect(await apply({ changes: other })).toMatchObject(refused('ERR_VARVE_DAMAGED', message))
  })

  it('refuses changes of another base', async () => {
    const changes = [change('kept', { before: fileState(Buffer.from('KEPT')) })]
    expect(await apply({ changes })).toMatchObject(refused('ERR_VARVE_WRONG_BASE', /'kept' is not what it was/))
    expect(await apply({ changes: [change('new', { before: DIR })] })).toMatchObject(
      refused('ERR_VARVE_WRONG_BASE', /'new' is not there/),
    )
    expect(await apply({ base: { ...BASE, more: DIR } })).toMatchObject(
      refused('ERR_VARVE_WRONG_BASE', /is not the directory/),
    )
  })

  it('refuses changes that do not make what they claim to', async () => {
    const changes = [change('new', { after: fileState(CONTENT) })]
    expect(await apply({ changes, members: [created('new')], target: BASE })).toMatchObject({
      code: expect.stringMatching(/DAMAGED/) as string,
    })
    expect(await apply({ changes, members: [created('new')], target: {} })).toMatchObject(
      refused('ERR_VARVE_DAMAGED', /does not make the directory that it should/),
    )
  })

  it('refuses a file that would not fit on the disk, however short the archive', async () => {
    const size = 2 ** 50
    const after = { ...fileState(CONTENT), size } as EntryState
    const changes = [change('bomb', { after })]
    expect(await apply({ changes, members: [{ ...created('bomb'), size }] })).toMatchObject({
      code: 'ERR_VARVE_DAMAGED',
    })
  })

  it('refuses what is no manifest, and bytes that are no archive', async () => {
    expect(await apply({ manifest: Buffer.from('{"created": ["../evil"]}') })).toMatchObject({
      code: 'ERR_VARVE_FORMAT',
    })
    expect(await apply({ manifest: new Uint8Array(0) })).toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
    for (const bytes of [
      gzipSync(''),
      gzipSync('no tar at all'),
      gzipSync(Buffer.alloc(1024)),
      Buffer.from([0x1f, 0x8b, 8]),
    ]) {
      const scratch = memoryFolder()
      plant(join(scratch, 'base'), TREE)
      const archive = join(scratch, 'hostile.tgz')
      writeSealed(archive, bytes, 'gzip')
      expect(await applied(scratch, archive)).toMatchObject({
        name: 'VarveError',
        code: expect.stringMatching(/FORMAT|DAMAGED/) as string,
      })
    }
  })

  it('refuses an archive without its seal', async () => {
    const scratch = memoryFolder()
    plant(join(scratch, 'base'), TREE)
    const archive = join(scratch, 'sealed.tgz')
    forge(archive, { base: BASE, changes: [], members: [] })
    writeFileSync(archive, readFileSync(archive).subarray(0, -58))
    expect(await applied(scratch, archive)).toMatchObject(refused('ERR_VARVE_DAMAGED', /seal/))
  })
})
