import type { SearchResult } from '@varve/mirror'
import { formatBytes } from '../../format/format-bytes.ts'
import { formatCount } from '../../format/format-count.ts'
import { formatTime } from '../../format/format-time.ts'
import { formatTable } from '../../render/table.ts'
import { escapeText } from '../../terminal/escape-text.ts'
import { type FoundFile, foundFiles, isoTime } from './found-files.ts'

/** What was found, for people. */
export function foundTable(files: readonly FoundFile[]): readonly string[] {
  if (files.length === 0) return ['Nothing was found.']
  const total = files.reduce((sum, { size }) => sum + (size ?? 0), 0)
  return formatTable(
    [
      { title: 'INCREMENT', align: 'left' },
      { title: 'IN', align: 'left' },
      { title: 'SIZE', align: 'right' },
      { title: 'MODIFIED', align: 'left' },
      { title: 'PATH', align: 'left' },
    ],
    files.map((file) => cellsOf(file).map((cell) => [cell])),
    [['TOTAL'], [], [formatBytes(total)], [], [formatCount(files.length, 'file')]],
  )
}

/** What was found, as a table in Markdown. */
export function foundMarkdown(files: readonly FoundFile[]): readonly string[] {
  return [
    '| Increment | In | Size | Modified | Path |',
    '| --- | --- | ---: | --- | --- |',
    ...files.map((file) => `| ${cellsOf(file).map(escapeMarkdown).join(' | ')} |`),
  ]
}

/** What was found, as comma-separated values with a line of titles, quoted as in RFC 4180. Names are as they are, line breaks included. */
export function foundCsv(files: readonly FoundFile[]): readonly string[] {
  const rows = files.map(({ increment, category, path, size, mtime, hash, fullPath }) => [
    increment,
    category,
    path,
    size === undefined ? '' : String(size),
    isoTime(mtime) ?? '',
    hash ?? '',
    fullPath,
  ])
  const titles = ['increment', 'category', 'path', 'size', 'modified', 'sha256', 'full_path']
  return [titles, ...rows].map((row) => row.map(quoteCsv).join(','))
}

/** What was found, for programs, in the form of the original program: an object with the increments' names for keys. */
export function foundJson(destination: string, { found }: SearchResult): object {
  return Object.fromEntries(
    found.map((hits) => {
      const { name, time } = hits.increment
      const files = foundFiles(destination, { found: [hits], problems: [] }).map(
        ({ path, category, type, size, mtime, hash, fullPath }) => ({
          path,
          full_path: fullPath,
          category,
          type,
          size,
          mtime: mtime === undefined ? undefined : mtime / 1000,
          mtime_iso: isoTime(mtime),
          sha256: hash,
        }),
      )
      const backup_path = `${destination}/${name}`
      return [name, { backup_path, backup_timestamp: time.toISOString(), files, total_files: files.length }]
    }),
  )
}

function cellsOf({ increment, category, size, mtime, path }: FoundFile): readonly string[] {
  return [
    increment,
    category,
    size === undefined ? '' : formatBytes(size),
    mtime === undefined ? '' : formatTime(mtime),
    path,
  ]
}

function escapeMarkdown(text: string): string {
  return escapeText(text).replace(/[\\`*_{}[\]<>|#~&!]/g, '\\$&')
}

function quoteCsv(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
