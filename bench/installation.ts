import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { outputOf } from './measured-run.ts'

const CHECKOUT = fileURLToPath(new URL('..', import.meta.url))

/**
 * Packs the workspaces as they are published and installs the tarballs below an empty folder.
 *
 * @param offline - unpacks them instead, beside the dependencies that the checkout has: the same files, without asking the registry
 * @returns the installed command's entry
 * @throws Error with npm's words
 */
export function installVarve(place: string, offline: boolean): string {
  const tarballs = join(place, 'tarballs')
  const prefix = join(place, 'prefix')
  mkdirSync(tarballs, { recursive: true })
  mkdirSync(prefix)
  outputOf({ argv: ['npm', 'pack', '--workspaces', '--pack-destination', tarballs], folder: CHECKOUT })
  const files = readdirSync(tarballs).map((name) => join(tarballs, name))
  if (offline) for (const file of files) unpack(file, join(prefix, 'lib/node_modules'))
  else outputOf({ argv: ['npm', 'install', '--global', '--prefix', prefix, ...files], folder: place })
  return join(prefix, 'lib/node_modules/varve/bin/varve.js')
}

function unpack(tarball: string, modules: string): void {
  const manifest = JSON.parse(outputOf({ argv: ['tar', '-xzOf', tarball, 'package/package.json'] })) as {
    readonly name: string
    readonly dependencies?: Readonly<Record<string, string>>
  }
  const folder = join(modules, manifest.name)
  mkdirSync(folder, { recursive: true })
  outputOf({ argv: ['tar', '-xzf', tarball, '-C', folder, '--strip-components', '1'] })
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (workspaces().has(dependency)) continue
    const link = join(folder, 'node_modules', dependency)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(CHECKOUT, 'node_modules', dependency), link)
  }
}

function workspaces(): ReadonlySet<string> {
  const packages = join(CHECKOUT, 'packages')
  return new Set(
    readdirSync(packages).map(
      (name) => (JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')) as { name: string }).name,
    ),
  )
}
