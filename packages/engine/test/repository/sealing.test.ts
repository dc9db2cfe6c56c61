import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SEAL_OVERHEAD } from '../../src/repository/blob.ts'
import type { MasterKey } from '../../src/repository/master-key.ts'
import { NONCE_SIZE, Sealer } from '../../src/repository/sealing.ts'

const key: MasterKey = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) }
const sealer = new Sealer(key)
const damaged = expect.objectContaining({ code: 'ERR_VARVE_DAMAGED' })

describe('Sealer', () => {
  // D. J. Bernstein, "The Poly1305-AES message-authentication code", appendix B. r is given as clamped there.
  it.each([
    {
      message: 'f3f6',
      r: '851fc40c3467ac0be05cc20404f3f700',
      k: 'ec074c835580741701425b623235add6',
      nonce: 'fb447350c4e868c52ac3275cf9d4327e',
      tag: 'f4c633c3044fc145f84f335cb81953de',
    },
    {
      message: '',
      r: 'a0f3080000f46400d0c7e9076c834403',
      k: '75deaa25c09f208e1dc4ce6b5cad3fbf',
      nonce: '61ee09218d29b0aaed7e154a2c5509cc',
      tag: 'dd3fab2251f11ac759f0887129cc2ee7',
    },
    {
      message: '663cea190ffb83d89593f3f476b6bc24d7e679107ea26adb8caf6652d0656136',
      r: '48443d0bb0d21109c89a100b5ce2c208',
      k: '6acb5f61a7176dd320c5c1eb2edcdc74',
      nonce: 'ae212a55399729595dea458bc621ff0e',
      tag: '0ee1c16bb73f0f4fd19881753c01cdbe',
    },
    {
      message:
        'ab0812724a7f1e342742cbed374d94d136c6b8795d45b3819830f2c04491faf0990c62e48b8018b2c3e4a0fa3134cb67fa83e158c994d961c4cb21095c1bf9',
      r: '12976a08c4426d0ce8a82407c4f48207',
      k: 'e1a5668a4d5b66a5f68cc5424ed5982d',
      nonce: '9ae831e743978d3a23527c7128149e3a',
      tag: '5154ad0d2cb26e01274fc51148491f1b',
    },
  ])('authenticates as Poly1305-AES: "$message"', ({ message, r, k, nonce, tag }) => {
    const opener = new Sealer({ encrypt: key.encrypt, macK: Buffer.from(k, 'hex'), macR: Buffer.from(r, 'hex') })
    expect(opener.open(Buffer.from(nonce + message + tag, 'hex'))).toHaveLength(message.length / 2)
    const wrong = Buffer.from(nonce + message + tag, 'hex')
    wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1
    expect(() => opener.open(wrong)).toThrow(damaged)
  })

  it("opens restic's own example, whose r is stored unmasked", () => {
    const opener = new Sealer({
      encrypt: Buffer.from('303e8687b1d7db18421bdc6bb8588ccadac4d59ee87b8ff70c44e635790cafef', 'hex'),
      macK: Buffer.from('ef4d8824cb80b2bcc5fbff8a9b12a42c', 'hex'),
      macR: Buffer.from('cc8d4b948ee0ebfe1d415de921d10353', 'hex'),
    })
    const sealed =
      '69fb41c62d12def4593bd71757138606338f621aeaeb39da0fe4f99233f8037a54ea63338a813bcf3f75d8c3cc75dddf8750'
    expect(opener.open(Buffer.from(sealed, 'hex')).toString()).toBe('Dies ist ein Test!')
  })

  it('opens what it sealed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), (plain) => {
        const sealed = sealer.seal(plain)
        expect(sealed).toHaveLength(plain.length + SEAL_OVERHEAD)
        expect(Buffer.compare(sealer.open(sealed), plain)).toBe(0)
      }),
    )
  })

  it.each([4095, 4096, 4097, 3_000_000])('opens what it sealed: %i bytes', (length) => {
    const plain = randomBytes(length)
    expect(sealer.open(sealer.seal(plain)).equals(plain)).toBe(true)
  })

  it('notices any change of any byte, and any missing or additional one', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (plain, place, change) => {
          const sealed = sealer.seal(plain)
          const at = place % sealed.length
          sealed[at] = (sealed[at] ?? 0) ^ change
          expect(() => sealer.open(sealed)).toThrow(damaged)
          sealed[at] = (sealed[at] ?? 0) ^ change
          expect(() => sealer.open(sealed.subarray(0, at))).toThrow(damaged)
          expect(() => sealer.open(Buffer.concat([sealed, Buffer.from([change])]))).toThrow(damaged)
        },
      ),
    )
  })

  it('does not open what another key sealed', () => {
    const sealed = sealer.seal(Buffer.from('secret'))
    const other = randomBytes(32)
    expect(() => new Sealer({ ...key, macR: other.subarray(16) }).open(sealed)).toThrow(damaged)
    expect(() => new Sealer({ ...key, macK: other.subarray(16) }).open(sealed)).toThrow(damaged)
  })

  it('refuses a nonce of zeros, even with a right tag', () => {
    const nonce = Buffer.alloc(16)
    expect(() => sealer.open(Buffer.concat([nonce, randomBytes(50)]))).toThrow(/nonce/)
  })

  it.each(['encrypt', 'macK', 'macR'] as const)('refuses a key whose %s is all zeros or of another length', (part) => {
    expect(() => new Sealer({ ...key, [part]: new Uint8Array(key[part].length) })).toThrow(damaged)
    expect(() => new Sealer({ ...key, [part]: key[part].subarray(1) })).toThrow(damaged)
  })

  it('writes exactly where it is told', () => {
    const plain = randomBytes(100)
    const target = Buffer.alloc(200, 0xee)
    expect(sealer.sealInto(plain, target, 30)).toBe(132)
    expect(target.subarray(0, 30).equals(Buffer.alloc(30, 0xee))).toBe(true)
    expect(target.subarray(162).equals(Buffer.alloc(38, 0xee))).toBe(true)
    expect(sealer.open(target.subarray(30, 162)).equals(plain)).toBe(true)
    expect(() => sealer.sealInto(plain, target, 69)).toThrow(/room/)
  })

  it('uses each nonce once, and none that tells how long the one before was', () => {
    const nonces = new Set<string>()
    let previous = 0n
    let small = 0
    for (let i = 0; i < 2000; i++) {
      const nonce = sealer.seal(Buffer.alloc(40)).toString('hex', 0, 16)
      nonces.add(nonce)
      const distance = BigInt(`0x${nonce}`) - previous
      if (distance > -1_000_000n && distance < 1_000_000n) small++
      previous = BigInt(`0x${nonce}`)
    }
    expect(nonces.size).toBe(2000)
    expect(small).toBe(0)
  })

  it('seals many texts together as it does one after the other', () => {
    const texts = fc.array(
      fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 3000, maxLength: 9000 })),
      {
        maxLength: 60,
      },
    )
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 20 }), (plains, before) => {
        const places: { offset: number; length: number }[] = []
        let end = before
        for (const plain of plains) {
          places.push({ offset: end, length: plain.length + SEAL_OVERHEAD })
          end += plain.length + SEAL_OVERHEAD
        }
        const target = new Uint8Array(new SharedArrayBuffer(end + 7)).fill(0xaa)
        for (const [index, plain] of plains.entries()) target.set(plain, (places[index]?.offset ?? 0) + NONCE_SIZE)
        sealer.sealTogether(target, places)
        const opened = places.map(({ offset, length }) => sealer.open(target.slice(offset, offset + length)))
        expect(opened.map((bytes) => [...bytes])).toEqual(plains.map((plain) => [...plain]))
        expect([...target.slice(0, before), ...target.slice(end)]).toEqual(
          Array.from({ length: before + 7 }, () => 0xaa),
        )
      }),
      { numRuns: 30 },
    )
  })

  it('gives each of very many texts a nonce of its own', () => {
    const places = Array.from({ length: 3000 }, (_, index) => ({ offset: index * 33, length: 33 }))
    const target = new Uint8Array(3000 * 33)
    sealer.sealTogether(target, places)
    const nonces = new Set(
      places.map(({ offset }) => Buffer.from(target.subarray(offset, offset + NONCE_SIZE)).toString('hex')),
    )
    expect(nonces.size).toBe(3000)
    expect(
      places.every(({ offset, length }) => sealer.open(target.slice(offset, offset + length)).equals(Buffer.of(0))),
    ).toBe(true)
  })
})
