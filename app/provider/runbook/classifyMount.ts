/** `disk`: keeps data; `network`: keeps it elsewhere and may hang; `memory`: lost on reboot; `none`: keeps nothing of ours. */
export type MountKind = 'disk' | 'network' | 'memory' | 'none'

const memory = new Set(['tmpfs', 'devtmpfs'])
const network = new Set([
  'nfs',
  'nfs4',
  'cifs',
  'smb3',
  'smbfs',
  'ceph',
  'glusterfs',
  '9p',
  'virtiofs',
  'afs',
  'lustre',
  'beegfs',
])
const networkFuse = /^fuse\.(sshfs|glusterfs|ceph|rclone|s3fs|davfs2?|goofys)/
/** Of the kernel's own making, images that are always full, and views of something else. */
const none = new Set(
  (
    'proc sysfs devpts cgroup cgroup2 securityfs debugfs tracefs pstore bpf bpf_fs configfs fusectl mqueue hugetlbfs autofs ' +
    'binfmt_misc rpc_pipefs nfsd efivarfs nsfs ramfs rootfs selinuxfs smackfs squashfs iso9660 udf erofs cramfs romfs ' +
    'fuse.lxcfs fuse.gvfsd-fuse fuse.portal fuse.snapfuse fuse.archivemount'
  ).split(' '),
)

/** What a filesystem of this type is to whoever looks for full disks. */
export function classifyMount(type: string): MountKind {
  if (none.has(type)) return 'none'
  if (memory.has(type)) return 'memory'
  return network.has(type) || networkFuse.test(type) ? 'network' : 'disk'
}
