/** Content of a file that says of itself which version it is, some 200 to 300 KB: every version has another length. */
export function versionContent(version: number): string {
  return `version ${version} `.repeat(20_000 + (version % 97))
}

/** Whether content is exactly one version of a file. */
export function isOneVersion(content: string): boolean {
  const version = /^version (\d+) /.exec(content)?.[1]
  return version !== undefined && content === versionContent(Number(version))
}

/** Lines of a file that grows, from number `start` to before `end`. */
export function growingContent(start: number, end: number): string {
  return Array.from({ length: end - start }, (_, i) => `line ${start + i}\n`).join('')
}
