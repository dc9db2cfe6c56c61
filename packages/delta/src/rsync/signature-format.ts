import { hash } from 'node:crypto'
import { VarveError } from '@varve/platform/errors'
import { GREATEST_BLOCK_SIZE } from './block-size.ts'
import { DIGEST_LENGTH } from './delta-format.ts'
import { GREATEST_FILE_SIZE } from './delta-input.ts'
import { STRONG_HASH_LENGTH } from './block-hashes.ts'
import { LEAST_STRONG_LENGTH, type Signature } from './signature.ts'
import { encodeVarint, VarintReader } from './varint.ts'

/** What signatures begin with: `VRVS` and the version of the format. */
const SIGNATURE_MAGIC = Uint8Array.from([0x56, 0x52, 0x56, 0x53, 1])

/** Bytes that are kept of the SHA-256 of all of a signature before them. */
const CHECKSUM_LENGTH = 16

/** The bytes of a signature, as docs/delta-format.md specifies them. */
export function encodeSignature(signature: Signature): Uint8Array {
  const { parameters, fileSize, digest, weak, strong } = signature
  if (parameters.weakHash !== 'rabin-karp' || parameters.strongHash !== 'sha256') {
    throw new Error(`signatures of ${parameters.weakHash} and ${parameters.strongHash} have a format of their own`)
  }
  const weakBytes = Buffer.alloc(4 * weak.length)
  for (const [block, sum] of weak.entries()) weakBytes.writeUInt32LE(sum, 4 * block)
  const content = Buffer.concat([
    SIGNATURE_MAGIC,
    encodeVarint(parameters.blockSize),
    encodeVarint(parameters.strongLength),
    encodeVarint(fileSize),
    digest,
    weakBytes,
    strong,
  ])
  return Buffer.concat([content, hash('sha256', content, 'buffer').subarray(0, CHECKSUM_LENGTH)])
}

/**
 * The signature that `bytes` are of.
 *
 * @throws ERR_VARVE_FORMAT where they are of another kind or a later version; ERR_VARVE_DAMAGED where they are not what they were
 */
export function decodeSignature(bytes: Uint8Array): Signature {
  const contentLength = bytes.length - CHECKSUM_LENGTH
  if (contentLength < SIGNATURE_MAGIC.length || !bytes.subarray(0, 4).every((byte, i) => byte === SIGNATURE_MAGIC[i])) {
    throw new VarveError('ERR_VARVE_FORMAT', 'this is no signature: it does not begin like one')
  }
  if (bytes[4] !== SIGNATURE_MAGIC[4]) {
    throw new VarveError(
      'ERR_VARVE_FORMAT',
      `this signature has version ${bytes[4]} of the format, which is not known`,
      {
        hint: 'a later version of Varve may know it',
      },
    )
  }
  const content = bytes.subarray(0, contentLength)
  if (!hash('sha256', content, 'buffer').subarray(0, CHECKSUM_LENGTH).equals(bytes.subarray(contentLength))) {
    throw damaged('its checksum is wrong')
  }
  let at = SIGNATURE_MAGIC.length
  const number = (least: number, greatest: number): number => {
    const reader = new VarintReader()
    for (;;) {
      const byte = content[at++]
      const value = byte === undefined ? 'invalid' : reader.take(byte)
      if (value === undefined) continue
      if (value === 'invalid' || value < least || value > greatest) throw damaged('its parameters make no sense')
      return value
    }
  }
  const blockSize = number(1, GREATEST_BLOCK_SIZE)
  const strongLength = number(LEAST_STRONG_LENGTH, STRONG_HASH_LENGTH.sha256)
  const fileSize = number(0, GREATEST_FILE_SIZE)
  const blockCount = Math.ceil(fileSize / blockSize)
  if (content.length !== at + DIGEST_LENGTH + blockCount * (4 + strongLength)) {
    throw damaged(`it has another length than one of ${blockCount} blocks`)
  }
  const digest = content.slice(at, at + DIGEST_LENGTH)
  const weakBytes = new DataView(content.buffer, content.byteOffset + at + DIGEST_LENGTH, 4 * blockCount)
  const weak = Uint32Array.from({ length: blockCount }, (_, block) => weakBytes.getUint32(4 * block, true))
  const strong = content.slice(at + DIGEST_LENGTH + 4 * blockCount)
  return {
    parameters: { blockSize, weakHash: 'rabin-karp', strongHash: 'sha256', strongLength },
    blockCount,
    weak,
    strong: new Uint8Array(strong),
    fileSize,
    digest: new Uint8Array(digest),
  }
}

function damaged(what: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `the signature is damaged: ${what}`)
}
