import { resolve } from 'node:path'
import { nameToBytes } from '@varve/platform'
import type { SearchResult } from './search.ts'

/**
 * Quotes text for a POSIX shell (POSIX.1-2017, Shell Command Language, 2.2.2): within single quotes nothing has a meaning but the single quote itself.
 *
 * @param text - anything without NUL
 */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/**
 * A script for `sh` that copies all that a search found to a folder, each increment's files to a folder of their own in it. It replaces nothing that is there, goes through no symbolic link
 * below that folder, and ends with 1 where something could not be copied. Whatever the names are, they stay names.
 *
 * @param destination - the folder that holds the increments
 * @returns its bytes, as names need not be valid UTF-8
 */
export function copyScript(destination: string, { found }: SearchResult): Buffer {
  const copies = found.flatMap(({ increment, files }) =>
    files.map(({ path, category, type }) => ({ increment: increment.name, path, category, type })),
  )
  // Links come last, so that none of them leads what follows elsewhere.
  const ordered = [...copies.filter(({ type }) => type === 'file'), ...copies.filter(({ type }) => type !== 'file')]
  const calls = ordered.map(
    ({ increment, category, path }) => `copy ${quoteForShell(increment)} ${category} ${quoteForShell(path)}`,
  )
  // A name never stands in a comment: a line break would end it.
  return nameToBytes(
    `#!/bin/sh
# Copies ${copies.length} files of ${found.length} increments to a folder: sh SCRIPT [FOLDER], "copied" if none is given.
from=${quoteForShell(resolve(destination))}
to=\${1:-copied}
${BODY}${calls.join('\n')}
exit "$failed"
`,
  )
}

/** `${way%/*}` and the like instead of commands, whose output would lose line breaks at its end. */
const BODY = String.raw`case $to in
  /*) ;;
  *) to=./$to ;;
esac
failed=0

refuse() {
  printf 'not copied: %s: %s\n' "$1" "$2" >&2
  failed=1
}

copy() {
  place=$to/$1/$3
  way=$to
  rest=$1/$3
  while :; do
    case $rest in
      */*) ;;
      *) break ;;
    esac
    way=$way/\${rest%%/*}
    rest=\${rest#*/}
    if [ -L "$way" ]; then
      refuse "$place" 'a symbolic link is on the way'
      return
    fi
  done
  if [ -e "$place" ] || [ -L "$place" ]; then
    refuse "$place" 'it is there already'
    return
  fi
  if mkdir -p "$way" && cp -pP "$from/$1/$2/$3" "$place"; then
    return
  fi
  refuse "$place" 'the copy failed'
}

`.replaceAll(String.raw`\$`, '$')
