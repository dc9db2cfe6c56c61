import { globSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { rolldown } from 'rolldown'

/*
 * Puts what a package publishes into few files: `node ../../bundle-package.ts --to dist/bundle src/index.ts …`, in the package's folder, behind
 * `tsc -b`, which makes the declarations. Loading a module costs Node about half a millisecond however short it is, in each thread that needs it, and
 * the engine has three hundred.
 *
 * Other packages stay outside, ours as well: each is in an installation once.
 */

/** Modules that threads run: they are started by their names, from beside whoever starts them. */
const THREAD_ENTRIES = 'src/**/*-worker.ts'

/** Makes `to/NAME.js` of each entry `…/NAME.ts` and of each thread's module, and files with what they share. */
async function bundlePackage(entries: readonly string[], to: string): Promise<void> {
  const inputs = [...entries, ...globSync(THREAD_ENTRIES)].map((path) => [basename(path, '.ts'), path] as const)
  const input = Object.fromEntries(inputs)
  if (Object.keys(input).length !== inputs.length) throw new Error('two entries have the same name')
  for (const old of globSync('*.{js,js.map}', { cwd: to })) rmSync(join(to, old))
  const bundle = await rolldown({
    input,
    platform: 'node',
    external: (id, _, isResolved) => !isResolved && !/^\.{0,2}\//.test(id),
  })
  await bundle.write({ dir: to, format: 'esm', sourcemap: true, chunkFileNames: '[name]-[hash].js' })
}

const { values, positionals } = parseArgs({ options: { to: { type: 'string' } }, allowPositionals: true })
if (values.to === undefined || positionals.length === 0) throw new Error('bundle-package.ts --to FOLDER ENTRY…')
await bundlePackage(positionals, values.to)
