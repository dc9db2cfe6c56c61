import { decodeConfig, encodeConfig } from '../../../src/repository/config-file.ts'
import { POLYNOMIAL } from '../../fixtures/repository-fixture.ts'
import { assertSame, parsed, type FuzzTarget } from '../fuzz-target.ts'

const CONFIG = { version: 2, id: 'e'.repeat(64), chunkerPolynomial: POLYNOMIAL } as const

/** The repository's config. */
export const configTarget: FuzzTarget = {
  name: 'config',
  seeds: [
    encodeConfig(CONFIG),
    encodeConfig({ ...CONFIG, version: 1 }),
    Buffer.from(
      `{"version":2,"id":"${CONFIG.id}","chunker_polynomial":"3da3358b4dc173","chunker":"fixed_size","chunk_size":65536}`,
    ),
    Buffer.from(
      `{"version":2,"id":"${CONFIG.id}","chunker_polynomial":"3DA3358b4dc173","chunker":"rabin","chunk_size":1048576,"chunk_min_size":524288,"chunk_max_size":8388608}`,
    ),
  ],
  words: [
    'version',
    'id',
    'chunker_polynomial',
    'chunker',
    'chunk_size',
    'chunk_min_size',
    'chunk_max_size',
    'rabin',
    'Rabin',
    'fixed_size',
    'FixedSize',
    'ffffffffffffffff',
    '0',
    '3',
    'bfe6b8a5bf378d83',
  ],
  isJson: true,
  limitMs: 200,
  run(input) {
    const outcome = parsed(['ERR_VARVE_DAMAGED', 'ERR_VARVE_REPOSITORY_VERSION'], () => decodeConfig(input))
    if ('refused' in outcome) return outcome.refused
    const { chunker, ...config } = outcome.value
    if (chunker?.kind === 'fixed' && !(chunker.size >= 1 && chunker.size <= 2 ** 26))
      throw new Error('chunks too large')
    const encoded = encodeConfig(config)
    assertSame(encodeConfig(decodeConfig(encoded)), encoded, 'a config is not what it was')
    return `version ${config.version}, chunker ${chunker?.kind}`
  },
}
