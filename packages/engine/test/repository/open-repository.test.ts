import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createRepository } from '../../src/repository/create-repository.ts'
import { encodeKeyFile, randomMasterKey } from '../../src/repository/key-file.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { timestampNow } from '../../src/repository/timestamp.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import type { FileType, Storage } from '../../src/storage/storage.ts'
import { CHEAP_KEY, cheapRepository } from './cheap-repository.ts'
import { randomId } from './test-packs.ts'

function withCode(code: string): unknown {
  return expect.objectContaining({ code })
}

async function addKey(storage: Storage, key: Parameters<typeof encodeKeyFile>[0], password: string): Promise<string> {
  const origin = { created: timestampNow(), username: '', hostname: '' }
  const { id, bytes } = await encodeKeyFile(key, password, CHEAP_KEY, origin)
  await storage.save('key', id, bytes)
  return id
}

/** Replaces the only object of a kind by something made of its bytes, under the same name. */
async function change(storage: Storage, type: FileType, by: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  const name = type === 'config' ? '' : ((await storage.list(type))[0]?.name ?? '')
  await storage.save(type, name, by(await storage.load(type, name)))
}

describe('createRepository', () => {
  it('makes a repository that opens with its password', async () => {
    const storage = new MemoryStorage()
    const created = await cheapRepository({ storage })
    expect(created.config.version).toBe(2)
    expect(created.config.id).toMatch(/^[0-9a-f]{64}$/)
    expect(created.compression).toBe('auto')
    const opened = await openRepository({ storage, password: 'secret', compression: 'max' })
    expect(opened.config).toEqual(created.config)
    expect(opened.key).toEqual(created.key)
    expect(opened.keyId).toBe(created.keyId)
    expect(opened.compression).toBe('max')
    expect(await opened.snapshots()).toEqual([])
  })

  it('takes version and polynomial', async () => {
    const { config } = await cheapRepository({ version: 1, chunkerPolynomial: 0x3da3358b4dc173n })
    expect(config).toMatchObject({ version: 1, chunkerPolynomial: 0x3da3358b4dc173n })
    expect((await cheapRepository()).config.chunkerPolynomial).not.toBe(
      (await cheapRepository()).config.chunkerPolynomial,
    )
  })

  it('makes a repository with an empty password, which is a password like others', async () => {
    const storage = new MemoryStorage()
    await cheapRepository({ storage, password: '' })
    expect((await openRepository({ storage, password: '' })).config.version).toBe(2)
    await expect(openRepository({ storage, password: 'x' })).rejects.toThrow(withCode('ERR_VARVE_WRONG_PASSWORD'))
  })

  it('leaves a repository alone that is there', async () => {
    const storage = new MemoryStorage()
    const { config } = await cheapRepository({ storage })
    await expect(cheapRepository({ storage })).rejects.toThrow(withCode('ERR_VARVE_REPOSITORY_EXISTS'))
    expect(await storage.list('key')).toHaveLength(1)
    expect((await openRepository({ storage, password: 'secret' })).config).toEqual(config)
  })

  it.each(['snapshot', 'index', 'pack'] as const)('leaves data alone whose config is gone: a %s', async (type) => {
    const storage = new MemoryStorage()
    await storage.save(type, randomId(), Buffer.from('data'))
    await expect(cheapRepository({ storage })).rejects.toThrow(/lost its config/)
    expect(await storage.stat('config', '')).toBeUndefined()
  })

  it('can be interrupted anywhere and done again', async () => {
    const complete = new FaultyStorage(new MemoryStorage(), [])
    await cheapRepository({ storage: complete })
    expect(complete.performed.length).toBeGreaterThan(5)
    for (let at = 1; at <= complete.performed.length; at++) {
      for (const when of ['before', 'after'] as const) {
        const storage = new MemoryStorage()
        const first = cheapRepository({
          storage: new FaultyStorage(storage, [{ at, action: { kind: 'crash', when } }]),
        })
        await expect(first).rejects.toThrow(withCode('ERR_VARVE_STORAGE'))
        const again = await openRepository({ storage, password: 'secret' }).catch(() => cheapRepository({ storage }))
        expect((await openRepository({ storage, password: 'secret' })).config).toEqual(again.config)
      }
    }
  })

  it('makes one repository when two do so at once', async () => {
    const storage = new MemoryStorage()
    await Promise.allSettled([cheapRepository({ storage }), cheapRepository({ storage })])
    const { config } = await openRepository({ storage, password: 'secret' })
    expect(config.version).toBe(2)
  })

  it('makes and opens repositories by their location', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'varve-'))
    try {
      for (const location of [join(folder, 'directory'), join(folder, 'backups.db')]) {
        const created = await createRepository({ storage: location, password: 'secret', kdf: CHEAP_KEY })
        await created.close()
        const opened = await openRepository({ storage: location, password: 'secret' })
        expect(opened.config).toEqual(created.config)
        await opened.close()
        await expect(openRepository({ storage: location, password: 'no' })).rejects.toThrow(
          withCode('ERR_VARVE_WRONG_PASSWORD'),
        )
        await expect(createRepository({ storage: location, password: 'secret', kdf: CHEAP_KEY })).rejects.toThrow(
          withCode('ERR_VARVE_REPOSITORY_EXISTS'),
        )
      }
      await expect(openRepository({ storage: join(folder, 'nothing'), password: '' })).rejects.toThrow(
        withCode('ERR_VARVE_NO_REPOSITORY'),
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('openRepository', () => {
  it('says where there is no repository', async () => {
    await expect(openRepository({ storage: new MemoryStorage(), password: '' })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_VARVE_NO_REPOSITORY', message: 'there is no repository at memory' }),
    )
  })

  it('tries all keys', async () => {
    const storage = new MemoryStorage()
    const { key, config } = await cheapRepository({ storage })
    for (let i = 0; i < 5; i++) await addKey(storage, key, `password ${i}`)
    for (let i = 0; i < 5; i++) {
      expect((await openRepository({ storage, password: `password ${i}` })).config).toEqual(config)
    }
    await expect(openRepository({ storage, password: 'password 5' })).rejects.toThrow(
      withCode('ERR_VARVE_WRONG_PASSWORD'),
    )
  })

  it('passes over damaged keys and those of another repository', async () => {
    const storage = new MemoryStorage()
    const { config, keyId } = await cheapRepository({ storage })
    for (let i = 0; i < 8; i++) await storage.save('key', randomId(), Buffer.from(i === 0 ? '' : `{"broken": ${i}}`))
    for (let i = 0; i < 8; i++) await addKey(storage, randomMasterKey(), 'secret')
    const opened = await openRepository({ storage, password: 'secret' })
    expect(opened.config).toEqual(config)
    expect(opened.keyId).toBe(keyId)
    await expect(openRepository({ storage, password: 'wrong' })).rejects.toThrow(
      /opens none.*key [0-9a-f]{64} is damaged/,
    )
  })

  it('tries no more keys than restic does', async () => {
    const storage = new MemoryStorage()
    const { key } = await cheapRepository({ storage })
    for (let i = 0; i < 30; i++) await addKey(storage, key, 'another')
    await expect(openRepository({ storage, password: 'wrong' })).rejects.toThrow(/none of the first 20 keys/)
  })

  it('says that the repository is damaged where no key can be read', async () => {
    const storage = new MemoryStorage()
    const { keyId } = await cheapRepository({ storage })
    await change(storage, 'key', (bytes) => bytes.subarray(1))
    await expect(openRepository({ storage, password: 'secret' })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_VARVE_DAMAGED', message: expect.stringContaining(`key ${keyId}`) }),
    )
    await storage.remove('key', keyId)
    await expect(openRepository({ storage, password: 'secret' })).rejects.toThrow(/has no keys/)
  })

  it('does not read a key that is too large to be one', async () => {
    const storage = new MemoryStorage()
    const { keyId } = await cheapRepository({ storage })
    await change(storage, 'key', () => new Uint8Array(1_000_000))
    await expect(openRepository({ storage, password: 'secret' })).rejects.toThrow(
      `key ${keyId} is damaged: it has 1000000 bytes`,
    )
  })

  it.each([
    { what: 'empty', by: () => new Uint8Array(0) },
    { what: 'truncated', by: (bytes: Uint8Array) => bytes.subarray(0, -1) },
    { what: 'bit-flipped', by: (bytes: Uint8Array) => bytes.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) },
  ])('names the config when it is $what', async ({ by }) => {
    const storage = new MemoryStorage()
    await cheapRepository({ storage })
    await change(storage, 'config', by)
    await expect(openRepository({ storage, password: 'secret' })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_VARVE_DAMAGED', message: expect.stringMatching(/^the config is damaged/) }),
    )
  })

  it('says that a repository is of a later version', async () => {
    const storage = new MemoryStorage()
    const { key, config } = await cheapRepository({ storage })
    const later = { version: 3, id: config.id, chunker_polynomial: config.chunkerPolynomial.toString(16) }
    await storage.save('config', '', new Sealer(key).seal(Buffer.from(JSON.stringify(later))))
    await expect(openRepository({ storage, password: 'secret' })).rejects.toThrow(
      withCode('ERR_VARVE_REPOSITORY_VERSION'),
    )
  })

  it('stops on request', async () => {
    const storage = new MemoryStorage()
    await cheapRepository({ storage })
    const signal = AbortSignal.abort()
    await expect(openRepository({ storage, password: 'secret', signal })).rejects.toThrow(withCode('ERR_VARVE_ABORTED'))
  })

  it('passes on what the storage says', async () => {
    const storage = new MemoryStorage()
    await cheapRepository({ storage })
    for (const type of ['key', 'config'] as const) {
      const faulty = new FaultyStorage(storage, [{ at: 1, operation: 'load', type, action: { kind: 'fail' } }])
      await expect(openRepository({ storage: faulty, password: 'secret' })).rejects.toThrow(
        withCode('ERR_VARVE_STORAGE'),
      )
    }
  })
})
