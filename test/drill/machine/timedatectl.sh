#!/bin/sh
# A stand-in for timedatectl: only looks, and starts or stops chrony.
set -u
synchronized=no
if [ "$(cat /run/drill/clock 2>/dev/null || echo +0)" = +0 ]; then synchronized=yes; fi
service=inactive
[ ! -e /run/units/chrony/pid ] || service=active
case ${1-status} in
  status)
    echo "           Universal time: $(date -u '+%a %Y-%m-%d %H:%M:%S') UTC"
    echo "System clock synchronized: $synchronized"
    echo "              NTP service: $service"
    ;;
  show) echo "NTPSynchronized=$synchronized" ;;
  set-ntp)
    case ${2-} in
      true | yes | 1) exec systemctl enable --now chrony ;;
      *) exec systemctl disable --now chrony ;;
    esac
    ;;
  *)
    echo "Failed to set time: Automatic time synchronization is enabled" >&2
    exit 1
    ;;
esac
