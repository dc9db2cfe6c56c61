import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { growingContent, versionContent } from './mutated-content.ts'

/** Changes the files of a folder as fast as it can until it is killed. Says so on standard output once all of them are there. */
const [folder = ''] = process.argv.slice(2)
const path = (name: string): string => join(folder, name)

let lines = 0
for (let version = 1; ; version++) {
  writeFileSync(path('.new'), versionContent(version))
  renameSync(path('.new'), path('replaced'))

  appendFileSync(path('growing'), growingContent(lines, (lines += 50)))
  if (lines > 50_000) {
    rmSync(path('growing'))
    lines = 0
  }

  if (version % 5 === 0) truncateSync(path('shrinking'), version % 2 === 0 ? 0 : 5000)
  else writeFileSync(path('shrinking'), growingContent(0, 3000))

  rmSync(path('changing'), { recursive: true, force: true })
  if (version % 4 === 0) writeFileSync(path('changing'), 'a file')
  if (version % 4 === 1) mkdirSync(path('changing/inner'), { recursive: true })
  if (version % 4 === 2) symlinkSync('replaced', path('changing'))

  mkdirSync(path('comes and goes'), { recursive: true })
  writeFileSync(path(`comes and goes/${version % 7}`), String(version % 7))
  if (version % 3 === 0) rmSync(path('comes and goes'), { recursive: true })

  if (version === 1) process.stdout.write('started\n')
}
