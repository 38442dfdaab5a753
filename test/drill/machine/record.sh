#!/bin/sh
# The forced command of the machine's sshd: notes what was asked for, and runs it as sshd would have.
printf '%s\0' "${SSH_ORIGINAL_COMMAND-}" >>/run/drill/commands
[ -n "${SSH_ORIGINAL_COMMAND-}" ] || exit 1
PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
