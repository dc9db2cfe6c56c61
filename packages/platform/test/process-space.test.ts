import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { processSpace } from '../src/process-space.ts'

describe('processSpace', () => {
  it('is the same for processes that see each other', () => {
    const module = fileURLToPath(new URL('../src/process-space.ts', import.meta.url))
    const script = `process.stdout.write((await import(${JSON.stringify(module)})).processSpace() ?? 'unknown')`
    const other = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
    expect(other).toBe(processSpace())
  })

  it.runIf(process.platform === 'linux')('names the boot and the container', () => {
    expect(processSpace()).toMatch(/^[0-9a-f-]{36} pid:\[\d+\]$/)
  })
})
