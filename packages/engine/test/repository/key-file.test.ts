import { describe, expect, it } from 'vitest'
import { idOf } from '../../src/repository/id.ts'
import { calibrateKeyDerivation, deriveKey } from '../../src/repository/key-derivation.ts'
import { encodeKeyFile, openKeyFile, randomMasterKey } from '../../src/repository/key-file.ts'
import type { Timestamp } from '../../src/repository/timestamp.ts'
import { CHEAP_KEY } from './cheap-repository.ts'

const damaged = expect.objectContaining({ code: 'ERR_VARVE_DAMAGED' })
const origin = { created: '2026-01-02T03:04:05.123+01:00' as Timestamp, username: 'anna', hostname: 'studio' }
const master = randomMasterKey()

async function keyFile(password: string): Promise<Buffer> {
  return (await encodeKeyFile(master, password, CHEAP_KEY, origin)).bytes
}

/** A key file with some fields replaced. */
async function keyFileWith(fields: Readonly<Record<string, unknown>>): Promise<Buffer> {
  return Buffer.from(JSON.stringify({ ...JSON.parse((await keyFile('secret')).toString()), ...fields }))
}

function open(bytes: Uint8Array, password: string): ReturnType<typeof openKeyFile> {
  return openKeyFile(bytes, idOf(bytes), password)
}

describe('key files', () => {
  it('have the fields of the format, in its order', async () => {
    const { id, bytes } = await encodeKeyFile(master, 'secret', { N: 16, r: 4, p: 3 }, origin)
    expect(id).toBe(idOf(bytes))
    const file = JSON.parse(bytes.toString()) as Record<string, unknown>
    expect(Object.keys(file)).toEqual(['created', 'username', 'hostname', 'kdf', 'N', 'r', 'p', 'salt', 'data'])
    expect(file).toMatchObject({ ...origin, kdf: 'scrypt', N: 16, r: 4, p: 3 })
    expect(Buffer.from(String(file['salt']), 'base64')).toHaveLength(64)
    expect(bytes.toString()).not.toContain(Buffer.from(master.encrypt).toString('base64'))
  })

  it.each(['secret', '', 'with spaces and ünïcödé 🗝', 'x'.repeat(5000)])(
    'open with their password: %j',
    async (password) => {
      const opened = await open(await keyFile(password), password)
      expect(opened && Buffer.from(opened.encrypt)).toEqual(Buffer.from(master.encrypt))
      expect(opened && Buffer.from(opened.macK)).toEqual(Buffer.from(master.macK))
      expect(opened && Buffer.from(opened.macR)).toEqual(Buffer.from(master.macR))
    },
  )

  it('do not open with another password', async () => {
    expect(await open(await keyFile('secret'), 'Secret')).toBeUndefined()
    expect(await open(await keyFile('secret'), '')).toBeUndefined()
    expect(await open(await keyFile(''), 'secret')).toBeUndefined()
  })

  it('never have a salt twice', async () => {
    expect((await keyFile('secret')).equals(await keyFile('secret'))).toBe(false)
  })

  it('are refused when they are not what their name says', async () => {
    const bytes = await keyFile('secret')
    const name = idOf(bytes)
    for (const changed of [bytes.subarray(1), Buffer.concat([bytes, Buffer.from(' ')]), Buffer.alloc(0)]) {
      await expect(openKeyFile(changed, name, 'secret')).rejects.toThrow(damaged)
      await expect(openKeyFile(changed, name, 'secret')).rejects.toThrow(`key ${name} is damaged`)
    }
  })

  it.each([
    { what: 'another function', fields: { kdf: 'argon2' } },
    { what: 'a salt of another length', fields: { salt: Buffer.alloc(63).toString('base64') } },
    { what: 'a salt that is no base64', fields: { salt: '***' } },
    { what: 'no data', fields: { data: undefined } },
    { what: 'an N that is no power of two', fields: { N: 3 } },
    { what: 'an N of one', fields: { N: 1 } },
    { what: 'a negative N', fields: { N: -32768 } },
    { what: 'a fraction', fields: { r: 1.5 } },
    { what: 'no number at all', fields: { p: null } },
    { what: 'a text for a number', fields: { p: '1' } },
    { what: 'terabytes of memory', fields: { N: 2 ** 40 } },
    { what: 'gigabytes of memory', fields: { N: 2 ** 20, r: 16 } },
    { what: 'memory through r', fields: { N: 2, r: 2 ** 30 } },
    { what: 'memory through p', fields: { N: 2, r: 1, p: 2 ** 26 } },
    { what: 'hours of work', fields: { N: 2 ** 15, r: 8, p: 100_000 } },
    { what: 'an N beyond what numbers hold exactly', fields: { N: 1e300 } },
  ])('are refused with $what, before any work is done', async ({ fields }) => {
    const bytes = await keyFileWith(fields)
    await expect(open(bytes, 'secret')).rejects.toThrow(damaged)
    await expect(open(bytes, 'secret')).rejects.toThrow(idOf(bytes))
  })

  it.each(['', '{', 'null', '[]', '"text"', '\u0000'])('are refused when they are %j', async (text) => {
    await expect(open(Buffer.from(text), 'secret')).rejects.toThrow(damaged)
  })

  it('are refused when what they hold is no key', async () => {
    const none = { encrypt: new Uint8Array(32), macK: new Uint8Array(16), macR: new Uint8Array(16) }
    const short = { ...master, encrypt: master.encrypt.subarray(1) }
    for (const key of [none, short]) {
      const { bytes } = await encodeKeyFile(key, 'secret', CHEAP_KEY, origin)
      await expect(open(bytes, 'secret')).rejects.toThrow(/no valid key/)
    }
  })

  it('count as closed, not as damaged, when only the sealed part is bad: that is what a wrong password looks like', async () => {
    expect(await open(await keyFileWith({ data: Buffer.alloc(100, 1).toString('base64') }), 'secret')).toBeUndefined()
    expect(await open(await keyFileWith({ data: '' }), 'secret')).toBeUndefined()
  })
})

describe('deriveKey', () => {
  // RFC 7914 has its vectors for other salts than 64 bytes; this one was made with another implementation of scrypt.
  it('is scrypt: 32 bytes to encrypt, then k, then r', async () => {
    const { encrypt, macK, macR } = await deriveKey('pleaseletmein', Buffer.alloc(64, 'SodiumChloride'), {
      N: 1024,
      r: 8,
      p: 2,
    })
    expect(Buffer.concat([encrypt, macK, macR]).toString('hex')).toBe(
      'd45fa92343259de508c26a4cbe896f0bf455f99546d70f933c62a1e102ed1e75089b00e1a80be5b0184ccf577989e5678ac07ff7bdea2aa6d791a61fc25ccd59',
    )
  })

  it('has the memory that restic and rustic ask for', async () => {
    for (const parameters of [
      { N: 32_768, r: 8, p: 1 },
      { N: 131_072, r: 8, p: 1 },
    ]) {
      expect((await deriveKey('', Buffer.alloc(64), parameters)).encrypt).toHaveLength(32)
    }
  })

  it('is calibrated with the N and r of restic', async () => {
    const { N, r, p } = await calibrateKeyDerivation()
    expect({ N, r }).toEqual({ N: 32_768, r: 8 })
    expect(p).toBeGreaterThanOrEqual(1)
    expect(p).toBeLessThanOrEqual(64)
  })
})
