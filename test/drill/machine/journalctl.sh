#!/bin/sh
# A stand-in for journalctl: the units' output from /run/journal, the kernel's words from /run/drill/kernel.
set -u
unit=''
lines=1000
kernel=''
want=''
for word in "$@"; do
  case $want in
    unit) unit=$(basename "$word" .service) ;;
    lines) lines=$word ;;
  esac
  if [ -n "$want" ]; then
    want=''
    continue
  fi
  case $word in
    -u | --unit) want=unit ;;
    -u?*) unit=$(basename "${word#-u}" .service) ;;
    -xeu | -eu | -xu) want=unit ;;
    --unit=*) unit=$(basename "${word#--unit=}" .service) ;;
    -n | --lines) want=lines ;;
    -n?*) lines=${word#-n} ;;
    --lines=*) lines=${word#--lines=} ;;
    -k | --dmesg | _TRANSPORT=kernel) kernel=1 ;;
    -p | --priority | -S | --since | -U | --until | -o | --output | -b | --boot | -g | --grep | -t) want=skip ;;
    -f | --follow)
      echo 'A drill does not follow.' >&2
      exit 1
      ;;
  esac
done
if [ -n "$kernel" ]; then
  set -- /run/drill/kernel
elif [ -n "$unit" ]; then
  set -- "/run/journal/$unit"
else
  set -- /run/drill/kernel /run/journal/*
fi
found=$(cat "$@" 2>/dev/null | tail -n "$lines")
echo "${found:--- No entries --}"
