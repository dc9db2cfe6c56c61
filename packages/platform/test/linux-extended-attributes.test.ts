import { spawnSync } from 'node:child_process'
import { lstatSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { currentPlatform } from '../src/current-platform.ts'
import { nameFromBytes, toFsPath } from '../src/file-name.ts'
import { LinuxExtendedAttributes } from '../src/linux-extended-attributes.ts'
import { ERRNO, type LibC } from '../src/linux-libc.ts'
import { scratchFolder } from '../../../test/scratch-folder.ts'

const attributes = currentPlatform().extendedAttributes

/** Whether the file system of temporary files keeps users' attributes. */
function areKept(): boolean {
  const path = join(scratchFolder(), 'probe')
  writeFileSync(path, '')
  try {
    attributes?.replace(path, [{ name: 'user.probe', value: Buffer.from('1') }])
    return attributes !== undefined
  } catch {
    return false
  }
}

function emptyFile(name = 'file'): string {
  const path = join(scratchFolder(), name)
  writeFileSync(toFsPath(path), '')
  return path
}

const anyAttributes = fc.uniqueArray(
  fc.record({
    name: fc
      .string({ unit: 'binary', minLength: 1, maxLength: 20 })
      .map((text) => `user.${text.replaceAll('\0', '')}x`),
    value: fc.uint8Array({ maxLength: 40 }),
  }),
  { selector: ({ name }) => name, maxLength: 6 },
)

function byName(list: readonly { readonly name: string; readonly value: Uint8Array | null }[]): unknown {
  return new Map(list.map(({ name, value }) => [name, value && Buffer.from(value).toString('hex')]))
}

describe('on a real file system', () => {
  test('attributes come back as they were set, and replace those before', ({ skip }) => {
    if (attributes === undefined || !areKept()) {
      skip()
      return
    }
    const path = emptyFile()
    fc.assert(
      fc.property(anyAttributes, (wanted) => {
        attributes.replace(path, wanted)
        expect(byName(attributes.read(path))).toEqual(byName(wanted))
      }),
      { numRuns: 50 },
    )
  })

  test('lists and values longer than usual are read whole', ({ skip }) => {
    if (attributes === undefined || !areKept()) {
      skip()
      return
    }
    const path = emptyFile()
    const names = Array.from({ length: 8 }, (_, index) => `user.${String(index).repeat(200)}`)
    const wanted = [
      ...names.map((name) => ({ name, value: new Uint8Array() })),
      { name: 'user.long', value: Buffer.alloc(1500, 7) },
    ]
    attributes.replace(path, wanted)
    expect(byName(attributes.read(path))).toEqual(byName(wanted))
  })

  test('names and paths may be any bytes', ({ skip }) => {
    if (attributes === undefined || !areKept()) {
      skip()
      return
    }
    const path = emptyFile('caf\udce9 \u{1f600}')
    const name = nameFromBytes(Buffer.from('user.\xff\xfe', 'latin1'))
    attributes.replace(path, [{ name, value: Buffer.from('v') }])
    expect(attributes.read(path)).toEqual([{ name, value: Uint8Array.from(Buffer.from('v')) }])
  })

  test('a link has its own attributes, not those of its target', ({ skip }) => {
    if (attributes === undefined || !areKept()) {
      skip()
      return
    }
    const path = emptyFile()
    attributes.replace(path, [{ name: 'user.a', value: Buffer.from('v') }])
    symlinkSync(path, `${path}-link`)
    expect(attributes.read(`${path}-link`)).toEqual([])
    expect(() => attributes.replace(`${path}-link`, [{ name: 'user.b', value: Buffer.from('v') }])).toThrow('EPERM')
    expect(attributes.read(path)).toHaveLength(1)
  })

  test('what is there already is not set again', ({ skip }) => {
    if (attributes === undefined || !areKept()) {
      skip()
      return
    }
    const path = emptyFile()
    attributes.replace(path, [{ name: 'user.a', value: Buffer.from('v') }])
    const before = lstatSync(path, { bigint: true }).ctimeNs
    attributes.replace(path, [{ name: 'user.a', value: Buffer.from('v') }])
    expect(lstatSync(path, { bigint: true }).ctimeNs).toBe(before)
  })

  test('one attribute that cannot be set does not keep the others from being set', ({ skip }) => {
    if (attributes === undefined || !areKept()) {
      skip()
      return
    }
    const path = emptyFile()
    const wanted = [
      { name: 'nonsense', value: Buffer.from('1') },
      { name: `user.${'x'.repeat(300)}`, value: Buffer.from('2') },
      { name: 'user.fine', value: Buffer.from('3') },
    ]
    expect(() => attributes.replace(path, wanted)).toThrow(expect.objectContaining({ code: 'ENOTSUP', path }))
    expect(attributes.read(path).map(({ name }) => name)).toEqual(['user.fine'])
  })

  test('reading what cannot be reached throws as node:fs does', ({ skip }) => {
    if (attributes === undefined) {
      skip()
      return
    }
    const folder = scratchFolder()
    expect(() => attributes.read(join(folder, 'missing'))).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'llistxattr', path: join(folder, 'missing') }),
    )
    expect(() => attributes.read(`${folder}\0x`)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }))
    // Cut at the end of what fits, either would be the path of the folder.
    expect(() => attributes.read(folder + '/.'.repeat(3000))).toThrow(expect.objectContaining({ code: 'ENAMETOOLONG' }))
    expect(() => attributes.read(`${folder}${'/'.repeat(4093 - folder.length)}\u{1f600}`)).toThrow(
      expect.objectContaining({ code: 'ENAMETOOLONG' }),
    )
  })

  test('works in worker threads, and Node says nothing of it', ({ skip }) => {
    if (attributes === undefined) {
      skip()
      return
    }
    const module = new URL('../src/current-platform.ts', import.meta.url).href
    const program = `
      import { Worker, isMainThread } from 'node:worker_threads'
      const { currentPlatform } = await import('${module}')
      console.log(currentPlatform().extendedAttributes.read('/').length >= 0)
      process.emitWarning('heard', 'ExperimentalWarning')
      if (isMainThread) new Worker(process.argv[1])`
    const script = join(scratchFolder(), 'read.mjs')
    writeFileSync(script, program)
    const { stdout, stderr } = spawnSync(process.execPath, ['--conditions=varve-source', script, script], {
      encoding: 'utf8',
    })
    expect(stdout).toBe('true\ntrue\n')
    expect(stderr.match(/ExperimentalWarning: .*/g)).toEqual(Array(2).fill('ExperimentalWarning: heard'))
  })
})

/** A file system that answers as it is told to: with lengths, or errors as negative numbers. */
function scripted(script: {
  readonly list: readonly (string | number)[]
  readonly get?: readonly (string | number)[]
}): LinuxExtendedAttributes {
  let errno = 0
  const memories = new Map<bigint, Buffer>()
  const answers = { list: [...script.list], get: [...(script.get ?? [])] }
  const answer = (what: 'list' | 'get', address: bigint): bigint => {
    const next = answers[what].shift()
    if (typeof next === 'string') return BigInt(memories.get(address)?.write(next, 'latin1') ?? 0)
    errno = -(next ?? 0)
    return -1n
  }
  const libc: LibC = {
    path: () => 0n,
    allocate: (bytes) => {
      const address = BigInt(memories.size + 1) << 20n
      memories.set(address, Buffer.alloc(bytes))
      return { address, bytes: memories.get(address) ?? Buffer.alloc(0) }
    },
    errno: () => errno,
    llistxattr: (_, list) => answer('list', list),
    lgetxattr: (_, _name, value) => answer('get', value),
    lsetxattr: () => 0,
    lremovexattr: () => 0,
    utimensat: () => 0,
    futimens: () => 0,
    mkfifo: () => 0,
    syncfs: () => 0,
    mknod: undefined,
  }
  return new LinuxExtendedAttributes(libc)
}

describe('whether there may be attributes', () => {
  test('is certain of an entry that has some, and of one that has none', ({ skip }) => {
    if (attributes === undefined || !areKept()) {
      skip()
      return
    }
    const path = emptyFile('caf\udce9')
    expect(attributes.mayHave(path)).toBe(false)
    attributes.replace(path, [{ name: 'user.a', value: new Uint8Array() }])
    symlinkSync(toFsPath(path), `${path.slice(0, -1)}link`)
    expect(attributes.mayHave(path)).toBe(true)
    expect(attributes.mayHave(`${path.slice(0, -1)}link`)).toBe(false)
  })

  test.each([
    ['/missing', 'ENOENT'],
    ['/a\0b', 'NUL'],
    ['/.'.repeat(3000), 'ENAMETOOLONG'],
  ])('remains to be seen where reading throws: %#', (path, message) => {
    if (attributes === undefined) return
    expect(() => attributes.read(path)).toThrow(message)
    expect(attributes.mayHave(path)).toBe(true)
  })

  test.each([
    [-ERRNO.EOPNOTSUPP, false],
    [-ERRNO.ENODATA, false],
    [-ERRNO.ERANGE, true],
    [-5, true],
  ])('a list refused with %i: %s', (answer, expected) => {
    expect(scripted({ list: [answer] }).mayHave('/x')).toBe(expected)
  })
})

describe('with a file system that changes or refuses', () => {
  test.each([ERRNO.EOPNOTSUPP, ERRNO.ENODATA])('a list refused with %i is empty', (errno) => {
    expect(scripted({ list: [-errno] }).read('/x')).toEqual([])
  })

  test('an attribute that has gone since it was listed is left out', () => {
    const found = scripted({ list: ['user.a\0user.b\0user.c\0'], get: ['1', -ERRNO.ENODATA, '3'] }).read('/x')
    expect(found.map(({ name }) => name)).toEqual(['user.a', 'user.c'])
  })

  test('an attribute that the file system lists without giving it has no value', () => {
    expect(scripted({ list: ['user.a\0'], get: [-ERRNO.EOPNOTSUPP] }).read('/x')).toEqual([
      { name: 'user.a', value: null },
    ])
  })

  test('what does not fit is asked for again, once', () => {
    const { ERANGE } = ERRNO
    const long = 'v'.repeat(2000)
    expect(scripted({ list: [-ERANGE, 'user.a\0'], get: [-ERANGE, long] }).read('/x')).toEqual([
      { name: 'user.a', value: Uint8Array.from(Buffer.from(long)) },
    ])
    expect(() => scripted({ list: [-ERANGE, -ERANGE] }).read('/x')).toThrow('ERANGE')
  })

  test('any other refusal is thrown', () => {
    expect(() => scripted({ list: [-5] }).read('/x')).toThrow(expect.objectContaining({ code: 'EIO', path: '/x' }))
    expect(() => scripted({ list: ['user.a\0'], get: [-13] }).read('/x')).toThrow(
      expect.objectContaining({ code: 'EACCES', syscall: 'lgetxattr' }),
    )
  })
})
