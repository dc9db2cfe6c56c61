import { defineCommand } from '../command.ts'

interface VersionResult {
  readonly version: string
}

/** `varve version` */
export const versionCommand = defineCommand<object, VersionResult>({
  during: 'version',
  declare: (command) => void command.description('Print the version of Varve, and what it runs on.'),
  run: async ({ version }) => ({ version }),
  text: ({ version }) => [`varve ${version} (Node ${process.versions.node}, ${process.platform} ${process.arch})`],
  json: ({ version }) => [
    {
      message_type: 'version',
      version,
      node_version: process.versions.node,
      os: process.platform,
      arch: process.arch,
    },
  ],
})
