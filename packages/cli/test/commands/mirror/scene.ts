import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { toFsPath } from '@varve/platform/file-name'
import { temporaryFolder } from '../../temporary-folder.ts'
import { type Run, runHere } from '../run-here.ts'

/** A folder with a source in it, where commands are run. */
export interface Scene {
  readonly folder: string
  /** Absolute path of something in the folder. */
  readonly at: (path: string) => string
  /** Writes a file, and the folders around it. */
  readonly write: (path: string, content: string) => void
  /** Runs `varve mirror …` in the folder. */
  readonly mirror: (...args: readonly string[]) => Promise<Run>
}

/** The name of a file with all that a shell, a terminal or a table could stumble over. */
export const STRANGE_NAME = 'it\'s "$(touch hit)" `x`;\n\\|*,\u001b[31m.txt'

/** A name that is not UTF-8. */
export const NAME_OF_BYTES = 'b\udce9.txt'

/** Makes a folder with `work/projects`, which is tracked, `work/notes`, which is not, and a `mirror.toml` that says so. */
export async function mirrorScene(): Promise<Scene> {
  const folder = await temporaryFolder()
  const at = (path: string): string => join(folder, path)
  const write = (path: string, content: string): void => {
    mkdirSync(toFsPath(dirname(at(path))), { recursive: true })
    writeFileSync(toFsPath(at(path)), content)
  }
  const mirror = (...args: readonly string[]): Promise<Run> =>
    runHere(['mirror', ...args], { workingFolder: folder, environment: { HOME: at('home') } })
  write('work/projects/boat/main.py', 'print(1)')
  write('work/projects/README.md', '# boat')
  write('work/notes/todo.txt', 'nothing')
  write('work/other.txt', 'not selected')
  write(
    'mirror.toml',
    'src = "work"\ndist = "backups"\ninclude_dirs = ["notes"]\ntrack_dirs = ["projects"]\nmax_workers = 1\n',
  )
  return { folder, at, write, mirror }
}
