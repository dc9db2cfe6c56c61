import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toMarkdown } from './report/markdown.ts'
import { toPlot } from './report/plot.ts'
import type { Report } from './report/report.ts'

const RESULTS = join(import.meta.dirname, 'results')

/** Writes a report as Markdown, JSON and a plot. */
export function writeReport(name: string, report: Report): void {
  const { machine, contestants, corpora, runs, results } = report
  const ran = `${machine}; ${runs === 1 ? 'one run' : `medians of ${runs} runs`}`
  const programs = contestants.map((each) => `${each.name} ${each.version}`).join(', ')
  const legend = Object.entries(corpora).map(([corpus, title]) => `- ${corpus}: ${title}`)
  const head = `# Varve beside its peers\n\n${ran}.\n\n${programs}.\n\n${legend.join('\n')}\n`
  writeText(`${name}.md`, `${head}\n${toMarkdown(results)}`)
  writeText(`${name}.json`, JSON.stringify(report, null, 2))
  writeText(`${name}.svg`, toPlot(results, corpora, [ran, programs]))
}

/** The report that an earlier run wrote; undefined where none did. */
export function readReport(name: string): Report | undefined {
  const path = join(RESULTS, `${name}.json`)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : undefined
}

/** Writes text beside the reports. */
export function writeText(name: string, text: string): void {
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(join(RESULTS, name), text)
}

/** What this runs on, in one line. */
export function describeMachine(): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor'
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`
  return `${availableParallelism()} × ${processor}, ${memory}, Linux ${release()}, Node ${process.versions.node}`
}
