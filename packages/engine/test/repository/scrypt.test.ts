import { scryptSync } from 'node:crypto'
import { assert, asyncProperty, integer, record, string, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deriveByScrypt, deriveInThreads } from '../../src/repository/scrypt.ts'

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

describe('scrypt in threads of our own', () => {
  // RFC 7914, section 12.
  it.each([
    [
      { N: 16, r: 1, p: 1 },
      '',
      '',
      '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906',
    ],
    [
      { N: 1024, r: 8, p: 16 },
      'password',
      'NaCl',
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    ],
    [
      { N: 16384, r: 8, p: 1 },
      'pleaseletmein',
      'SodiumChloride',
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    ],
  ])('computes what the standard says of %o', async (parameters, password, salt, expected) => {
    expect(hex(await deriveInThreads(password, Buffer.from(salt), parameters, 64))).toBe(expected)
  })

  it('computes what OpenSSL computes, whatever the parameters', async () => {
    await assert(
      asyncProperty(
        string({ unit: 'grapheme', maxLength: 100 }),
        uint8Array({ maxLength: 100 }),
        record({
          N: integer({ min: 1, max: 9 }).map((exponent) => 2 ** exponent),
          r: integer({ min: 1, max: 40 }),
          p: integer({ min: 1, max: 5 }),
        }),
        integer({ min: 1, max: 100 }),
        async (password, salt, parameters, length) => {
          const expected = scryptSync(password, salt, length, { ...parameters, maxmem: 2 ** 30 })
          expect(hex(await deriveInThreads(password, salt, parameters, length))).toBe(hex(expected))
        },
      ),
      { numRuns: 25 },
    )
  })

  it.each([
    ["restic's keys", { N: 32_768, r: 8, p: 3 }],
    ["rustic's, which take more memory than we give", { N: 131_072, r: 8, p: 1 }],
    ['a lane that is longer than the kernel knows', { N: 2, r: 600, p: 300 }],
    ['next to no work', { N: 2, r: 1, p: 1 }],
  ])('is used or not, with the same result: %s', async (_, parameters) => {
    const salt = Buffer.from('salt')
    const expected = scryptSync('secret', salt, 64, { ...parameters, maxmem: 2 ** 30 })
    expect(hex(await deriveByScrypt('secret', salt, parameters, 64))).toBe(hex(expected))
  })
})
