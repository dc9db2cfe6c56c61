import { fastestPeer, sameRow, type Result } from './result.ts'

/** Distinguishable with every common kind of colour vision; yardsticks are grey. */
const COLOURS = ['#0b6e99', '#5cb8d6', '#d1495b', '#edae49', '#8f5ea2', '#4b8b3b']
const GREYS = ['#8a8f98', '#a9adb5', '#c5c8ce']
const BAR = 15
const GROUP_GAP = 22
const LEFT = 52
const PLOT_HEIGHT = 150
/** Above the bars of a panel: its title, and figures of five digits on top of bars that are cut. */
const PANEL_HEAD = 74
const PANEL_FOOT = 46
/** Where the scale ends: a bar that goes further is cut and says so. */
const MOST = 3
const NAME_WIDTH = 15
/** About how wide a character is, of the text below the title and of the legend, in whatever font it is shown. */
const SUBTITLE_CHARACTER = 6
const LEGEND_CHARACTER = 7
/** Beside a name of the legend: its box, and the gap to the next. */
const LEGEND_GAP = 34

/**
 * Wall times as grouped bars, an SVG document: a panel a corpus, a group a row, a bar a contestant. The fastest peer's time is 1
 * in every group; the seconds stand on the bars.
 *
 * @param titles - of the corpora by name
 */
export function toPlot(
  results: readonly Result[],
  titles: Readonly<Record<string, string>>,
  subtitles: readonly string[],
): string {
  const names = distinct(results.map(({ contestant }) => contestant))
  const colours = colourOf(results, names)
  const panels = distinct(results.map(({ corpus }) => corpus)).map((corpus) => groupsOf(results, corpus))
  const width = Math.max(
    720,
    LEFT + names.reduce((sum, name) => sum + legendWidthOf(name), 0),
    ...panels.map((groups) => LEFT + groups.reduce((sum, group) => sum + widthOf(group), 0) + 20),
  )
  const lines = subtitles.flatMap((text) => wrapped(text, (width - LEFT) / SUBTITLE_CHARACTER))
  let y = 44 + lines.length * 14
  const head = lines.map((text, number) => label(LEFT, 46 + number * 14, text, 11, 'fill="#5c6370"'))
  head.push(legendAt(y, names, colours))
  y += 24
  const drawn = panels.map((groups) => {
    const [first] = groups[0] ?? []
    const panel = panelAt(
      y,
      groups,
      first === undefined ? '' : `${first.corpus}: ${titles[first.corpus] ?? ''}`,
      colours,
      width,
    )
    y += PANEL_HEAD + PLOT_HEIGHT + PANEL_FOOT
    return panel
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + 8}" font-family="Helvetica, Arial, sans-serif">
<rect width="100%" height="100%" fill="#ffffff"/>
${label(LEFT, 28, 'Time relative to the fastest peer (shorter is faster)', 17, 'font-weight="bold"')}
${head.join('\n')}
${drawn.join('\n')}
</svg>
`
}

function legendAt(y: number, names: readonly string[], colours: (name: string) => string): string {
  let x = LEFT
  const entries = names.map((name) => {
    const box = `<rect x="${x}" y="${y}" width="11" height="11" rx="2" fill="${colours(name)}"/>`
    const entry = box + label(x + 16, y + 10, name, 12)
    x += legendWidthOf(name)
    return entry
  })
  return entries.join('\n')
}

function legendWidthOf(name: string): number {
  return LEGEND_GAP + name.length * LEGEND_CHARACTER
}

/** Length of a bar, as a share of the scale, and whether it is cut. */
export function scaled(relative: number): { readonly share: number; readonly isCut: boolean } {
  return { share: Math.min(relative, MOST) / MOST, isCut: relative > MOST }
}

function panelAt(
  top: number,
  groups: readonly (readonly Result[])[],
  title: string,
  colours: (name: string) => string,
  width: number,
): string {
  const base = top + PANEL_HEAD + PLOT_HEIGHT
  const parts = [label(LEFT, top + 22, title, 13, 'font-weight="bold"')]
  for (let tick = 0; tick <= MOST; tick++) {
    const y = base - (PLOT_HEIGHT * tick) / MOST
    const stroke = tick === 1 ? 'stroke="#333333" stroke-dasharray="4 3"' : 'stroke="#dfe2e7"'
    parts.push(`<line x1="${LEFT}" x2="${width - 16}" y1="${y}" y2="${y}" ${stroke}/>`)
    parts.push(label(LEFT - 8, y + 4, `${tick}×`, 11, 'text-anchor="end" fill="#5c6370"'))
  }
  let x = LEFT + GROUP_GAP / 2
  for (const group of groups) {
    const [first] = group
    const fastest = first === undefined ? undefined : fastestPeer(first, group)
    const slowest = Math.max(...group.map(({ median }) => median.wall))
    const unit = fastest?.median.wall ?? slowest
    for (const [number, result] of group.entries()) {
      parts.push(barAt(x + number * BAR, base, result, unit, colours(result.contestant)))
    }
    const middle = x + (group.length * BAR) / 2
    for (const [number, text] of wrapped(first?.title ?? '', Math.max(NAME_WIDTH, group.length * 2.6)).entries()) {
      parts.push(label(middle, base + 16 + number * 13, text, 11, 'text-anchor="middle"'))
    }
    x += widthOf(group)
  }
  return parts.join('\n')
}

function barAt(x: number, base: number, { median }: Result, unit: number, colour: string): string {
  const { share, isCut } = scaled(median.wall / unit)
  const height = Math.max(1, share * PLOT_HEIGHT)
  const top = base - height
  const centre = x + (BAR - 2) / 2 + 3.5
  const cut = isCut ? `<path d="M${x - 1} ${top + 10} l${BAR} -5 v3 l-${BAR} 5 z" fill="#ffffff"/>` : ''
  const text = median.wall < 10 ? median.wall.toFixed(2) : median.wall.toFixed(0)
  return (
    `<rect x="${x}" y="${top}" width="${BAR - 2}" height="${height}" rx="1" fill="${colour}"/>${cut}` +
    label(centre, top - 4, `${text} s`, 9.5, `transform="rotate(-90 ${centre} ${top - 4})" fill="#333333"`)
  )
}

function groupsOf(results: readonly Result[], corpus: string): readonly (readonly Result[])[] {
  const ofCorpus = results.filter((each) => each.corpus === corpus)
  return distinct(ofCorpus.map(({ row }) => row)).map((row) => {
    const first = ofCorpus.find((each) => each.row === row)
    return first === undefined ? [] : sameRow(first, ofCorpus)
  })
}

function widthOf(group: readonly Result[]): number {
  return Math.max(group.length * BAR, NAME_WIDTH * 5.5) + GROUP_GAP
}

function colourOf(results: readonly Result[], names: readonly string[]): (name: string) => string {
  const grey = names.filter((name) => results.some((each) => each.contestant === name && each.kind === 'yardstick'))
  const bright = names.filter((name) => !grey.includes(name))
  return (name) => COLOURS[bright.indexOf(name)] ?? GREYS[grey.indexOf(name)] ?? '#000000'
}

/** Lines of whole words, each about that many characters long at most. */
function wrapped(text: string, length: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < length) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

function distinct<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)]
}

function label(x: number, y: number, text: string, size: number, attributes = ''): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}" font-size="${size}" ${attributes}>${escaped}</text>`
}
