import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Tests import the sources of the other packages, not what was compiled from them. */
const sources = {
  resolve: { conditions: ['varve-source', 'node'] },
  ssr: { resolve: { conditions: ['varve-source', 'node'] } },
}

export default defineConfig({
  test: {
    // One fewer is the default, which on two processors leaves one idle.
    maxWorkers: availableParallelism(),
    // Threads that tests start find the sources as well.
    execArgv: ['--conditions=varve-source'],
    reporters: ['default', './test/closing-line-reporter.ts'],
    projects: [
      {
        ...sources,
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts'],
          exclude: ['packages/*/test/oracle/**', 'packages/*/test/packed/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...sources,
        test: {
          name: 'oracle',
          include: ['packages/*/test/oracle/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        ...sources,
        test: {
          name: 'packed',
          include: ['packages/*/test/packed/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
