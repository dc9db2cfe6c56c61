import type { Progress } from '@varve/engine'
import { formatBytes } from '../format/format-bytes.ts'
import { formatCount, formatNumber } from '../format/format-count.ts'
import { formatDuration } from '../format/format-duration.ts'
import { escapeText } from '../terminal/escape-text.ts'
import { fitEnd, textWidth } from '../terminal/text-width.ts'
import type { JobTiming } from './progress-state.ts'

const GAP = '  '

/** A path shorter than this says too little to be shown. */
const LEAST_PATH_COLUMNS = 12

/**
 * One line about a running job that fits into `columns`: time, share, files, bytes, rate, time left, and what it is on now in the space
 * that is left.
 */
export function statusLine(progress: Progress, timing: JobTiming, columns: number, counts: 'file' | undefined): string {
  const facts = [
    progress.phase,
    countText(progress, counts),
    bytesText(progress),
    timing.bytesPerSecond === undefined ? '' : `${formatBytes(timing.bytesPerSecond)}/s`,
    timing.remaining === undefined || timing.fraction === 1 ? '' : `${formatDuration(timing.remaining)} left`,
    progress.errors === 0 ? '' : formatCount(progress.errors, 'error'),
  ].filter((fact) => fact !== '')
  const share = timing.fraction === undefined ? '' : ` ${String(Math.floor(timing.fraction * 100)).padStart(3)}%`
  const line = `[${formatDuration(timing.elapsed)}]${share} ${facts.join(', ')}`
  const room = columns - textWidth(line) - GAP.length
  const path = progress.current[0]
  return path === undefined || room < LEAST_PATH_COLUMNS ? line : `${line}${GAP}${fitEnd(escapeText(path), room)}`
}

function countText({ filesDone, filesTotal }: Progress, counts: 'file' | undefined): string {
  if (filesDone === 0 && filesTotal === undefined) return ''
  const done = filesTotal === undefined ? '' : `${formatNumber(filesDone)}/`
  const most = filesTotal ?? filesDone
  return done + (counts === undefined ? formatNumber(most) : formatCount(most, counts))
}

function bytesText({ bytesDone, bytesTotal }: Progress): string {
  if (bytesTotal === undefined) return bytesDone === 0 ? '' : formatBytes(bytesDone)
  return `${formatBytes(bytesDone)}/${formatBytes(bytesTotal)}`
}
