import { describe, expect, test } from 'vitest'
import { judgeApproval } from './judgeApproval.ts'

const expected = [/systemctl (re)?start web(\.service)?/, /cycle devvm/, /echo 1 >\/etc\/on/]

describe('the operator of a drill', () => {
  test.each([
    ["'systemctl' 'restart' 'web'", 'what the case expects'],
    ["'sudo' '-n' 'systemctl' 'restart' 'web'", 'the same by sudo'],
    ["'systemctl' 'restart' 'web' && 'df' '-h'", 'with a command beside it that only reads'],
    ['cycle devvm', 'a power verb'],
    ['echo 1 >/etc/on', 'more than simple commands, expected as it stands'],
  ])('approves %s: %s', (action) => {
    expect(judgeApproval(action, expected)).toBe(true)
  })

  test.each([
    ["'systemctl' 'restart' 'db'", 'another unit'],
    ["'systemctl' 'restart' 'web' 'db'", 'another unit beside it'],
    ["'systemctl' 'restart' 'web'; 'rm' '-rf' '/srv'", 'something behind it'],
    ["'rm' '-rf' '/srv' && 'systemctl' 'restart' 'web'", 'something before it'],
    ['cycle devvm2', 'another VM'],
    ['echo 1 >/etc/on; reboot', 'something behind what cannot be parsed'],
    ['systemctl restart web >/etc/passwd', 'a redirect'],
  ])('denies %s: %s', (action) => {
    expect(judgeApproval(action, expected)).toBe(false)
  })
})
