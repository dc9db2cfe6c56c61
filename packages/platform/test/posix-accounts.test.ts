import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { PosixAccounts } from '../src/posix-accounts.ts'
import { scratchFolder } from '../../../test/scratch-folder.ts'

const PASSWD = `# comment:x:1
root:x:0:0:root:/root:/bin/sh
anna:x:1000:1000::/home/anna:/bin/sh

second:x:1000:1000::/:
+nis:x:7:7::/:
-gone:x:8:8::/:
:x:9:9::/:
no id:x::1::/:
negative:x:-1:1::/:
text
`

/** Accounts from files, with a command that answers for ids from 5000 on and notes what it was asked. */
function accounts(
  nameServiceSwitch: string,
  passwd: string | Buffer = PASSWD,
): { accounts: PosixAccounts; asked: () => string } {
  const folder = scratchFolder()
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const log = join(folder, 'log')
  const getent = file(
    'getent',
    `#!/bin/sh\necho "$@" >> ${log}\nif [ "$2" -ge 5000 ]; then echo "remote$2:*:$2:100:::"; else exit 2; fi\n`,
  )
  chmodSync(getent, 0o755)
  const sources = {
    passwd: file('passwd', passwd),
    group: file('group', 'wheel:x:0:\nstaff:x:50:anna,root\n'),
    nameServiceSwitch: file('nsswitch.conf', nameServiceSwitch),
    getent,
  }
  return { accounts: new PosixAccounts(sources), asked: () => (existsSync(log) ? readFileSync(log, 'utf8') : '') }
}

describe('names of owners', () => {
  test('come from the files, the first for an id', () => {
    const { accounts: found } = accounts('passwd: files\ngroup: files\n')
    expect([0, 1000, 1, 7, 8, 9].map((id) => found.userName(id))).toEqual(['root', 'anna', '', '', '', ''])
    expect([0, 50, 1000].map((id) => found.groupName(id))).toEqual(['wheel', 'staff', ''])
  })

  test('may be any bytes', () => {
    const { accounts: found } = accounts('', Buffer.from('caf\xe9:x:1:1::/:\n', 'latin1'))
    expect(found.userName(1)).toBe('caf\udce9')
  })

  test('come from elsewhere where the system has such sources, asked once for an id', () => {
    const { accounts: found, asked } = accounts(
      '# passwd: nothing\npasswd:  files [NOTFOUND=continue] ldap # directory\ngroup: files\n',
    )
    expect([5000, 5000, 1000, 1001, 1001].map((id) => found.userName(id))).toEqual([
      'remote5000',
      'remote5000',
      'anna',
      '',
      '',
    ])
    expect(found.groupName(5000)).toBe('')
    expect(asked()).toBe('passwd 5000\npasswd 1001\n')
  })

  test('are empty where neither files nor command exist', () => {
    const missing = join(scratchFolder(), 'missing')
    writeFileSync(`${missing}-switch`, 'passwd: files ldap\n')
    const found = new PosixAccounts({
      passwd: missing,
      group: missing,
      nameServiceSwitch: `${missing}-switch`,
      getent: missing,
    })
    expect([found.userName(0), found.groupName(0)]).toEqual(['', ''])
  })
})

test('the current user is that of this process', ({ skip }) => {
  if (process.getuid === undefined || process.getgid === undefined) {
    skip()
    return
  }
  const { name, uid, gid } = new PosixAccounts().currentUser()
  expect([uid, gid]).toEqual([process.getuid(), process.getgid()])
  expect(name).not.toBe('')
})
