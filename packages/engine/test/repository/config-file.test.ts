import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomIrreducible } from '../../src/chunking/polynomial.ts'
import { decodeConfig, encodeConfig } from '../../src/repository/config-file.ts'

const damaged = expect.objectContaining({ code: 'ERR_VARVE_DAMAGED' })
const polynomial = 0x3da3358b4dc173n
const valid = { version: 2, id: 'ab'.repeat(32), chunker_polynomial: polynomial.toString(16) }

function decode(fields: Readonly<Record<string, unknown>>): ReturnType<typeof decodeConfig> {
  return decodeConfig(Buffer.from(JSON.stringify({ ...valid, ...fields })))
}

describe('the config', () => {
  it('is written as restic does', () => {
    const text = encodeConfig({ version: 2, id: 'ab'.repeat(32), chunkerPolynomial: polynomial }).toString()
    expect(text).toBe(`{"version":2,"id":"${'ab'.repeat(32)}","chunker_polynomial":"3da3358b4dc173"}`)
  })

  it('is read as it was written', () => {
    const config = { version: 1 as const, id: '01'.repeat(32), chunkerPolynomial: randomIrreducible() }
    const chunker = { kind: 'rabin', polynomial: config.chunkerPolynomial }
    expect(decodeConfig(encodeConfig(config))).toEqual({ ...config, chunker })
  })

  it.each([0, 3, 200])('is refused when its version is %i', (version) => {
    expect(() => decode({ version })).toThrow(expect.objectContaining({ code: 'ERR_VARVE_REPOSITORY_VERSION' }))
    expect(() => decode({ version })).toThrow(`version ${version}`)
  })

  it.each([
    { version: '2' },
    { version: 1.5 },
    { version: null },
    { id: 'ab' },
    { id: undefined },
    { id: 'zz'.repeat(32) },
    { chunker_polynomial: '' },
    { chunker_polynomial: '0x3da3358b4dc173' },
    { chunker_polynomial: 17_348_423 },
    { chunker_polynomial: 'f'.repeat(1_000_000) },
    { chunker_polynomial: '0' },
    { chunker_polynomial: '1' },
    // Even: divisible by x.
    { chunker_polynomial: '3da3358b4dc172' },
  ])('is refused with %j', (fields) => {
    expect(() => decode(fields)).toThrow(damaged)
    expect(() => decode(fields)).toThrow(/^the config is damaged/)
  })

  it('is refused when it is no JSON object, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(() => decodeConfig(bytes)).toThrow(damaged)
        },
      ),
    )
  })

  it('may have fields that nobody knows, and those of rustic that only say what is so anyway', () => {
    const rustic = { chunker: 'rabin', chunk_size: 1_048_576, chunk_min_size: 524_288, chunk_max_size: 8_388_608 }
    expect(decode({ append_only: true, treepack_size: 4, ...rustic }).chunker).toEqual({ kind: 'rabin', polynomial })
    expect(decode({ chunker: null, chunk_size: null }).chunker).toEqual({ kind: 'rabin', polynomial })
  })

  it('may ask for pieces of one size, as rustic writes it', () => {
    expect(decode({ chunker: 'FixedSize', chunk_size: 65_536 }).chunker).toEqual({ kind: 'fixed', size: 65_536 })
    expect(decode({ chunker: 'fixed_size' }).chunker).toEqual({ kind: 'fixed', size: 1_048_576 })
  })

  it.each([
    { chunk_size: 2_097_152 },
    { chunk_min_size: 1 },
    { chunk_max_size: 100_000_000 },
    { chunker: 'FastCdc' },
    { chunker: 'FixedSize', chunk_size: 0 },
    { chunker: 'FixedSize', chunk_size: 2 ** 40 },
  ])('has no chunker where it asks for one that is not known: %j', (fields) => {
    expect(decode(fields)).toEqual({ version: 2, id: valid.id, chunkerPolynomial: polynomial })
  })
})
