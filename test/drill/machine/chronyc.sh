#!/bin/sh
# A stand-in for chronyc: the offset is what libfaketime adds to the clock, from /run/drill/clock.
set -u
offset=$(cat /run/drill/clock 2>/dev/null || echo +0)
running=$(cat /run/units/chrony/pid 2>/dev/null)
if [ -z "$running" ]; then
  echo '506 Cannot talk to daemon' >&2
  exit 1
fi
for word in "$@"; do
  case $word in
    -*) ;;
    makestep | 'burst'*)
      echo +0 >/run/drill/clock
      echo '200 OK'
      exit 0
      ;;
    *)
      echo 'Reference ID    : 0A000035 (10.0.0.53)'
      case $offset in
        -*) echo "System time     : ${offset#-}.000000000 seconds slow of NTP time" ;;
        *) echo "System time     : ${offset#+}.000000000 seconds fast of NTP time" ;;
      esac
      echo 'Leap status     : Normal'
      exit 0
      ;;
  esac
done
