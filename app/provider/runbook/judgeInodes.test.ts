import { expect, test } from 'vitest'
import { probeOutput } from '../../../test/fakes/probeOutput.ts'
import { judgeInodes } from './judgeInodes.ts'

const thresholds = { used_percent: { warn: 85, crit: 95 } }
const mounts = '/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /var ext4 rw 0 0\n/dev/sdc1 /boot/efi vfat rw 0 0\n'

test('a filesystem without inodes left is told although it has space', () => {
  const df =
    '/dev/sda1 16777216 443819 16333397 3% /\n/dev/sdb1 1000 1000 0 100% /var\n/dev/sdc1 0 0 0 - /boot/efi'
  expect(judgeInodes(probeOutput(mounts + df), thresholds)).toMatchObject([
    { level: 'crit', value: 100, unit: '%' },
  ])
})

test('one finding for the fullest when all is well; a filesystem that does not count them is no 0 %', () => {
  const df = '/dev/sda1 16777216 443819 16333397 3% /\n/dev/sdc1 0 0 0 - /boot/efi'
  expect(judgeInodes(probeOutput(mounts + df), thresholds)).toMatchObject([
    { level: 'ok', value: 3, text: 'Inodes: at most 3 % used, on /.' },
  ])
  expect(judgeInodes(probeOutput(`${mounts}/dev/sda1 5 0 0 - /`), thresholds)).toMatchObject([
    { kind: 'unchecked' },
  ])
})
