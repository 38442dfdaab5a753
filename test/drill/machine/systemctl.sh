#!/bin/sh
# A stand-in for systemctl: units are real unit files and real processes, their state is in /run/units.
set -u
units=/etc/systemd/system

usage() {
  echo "$*" >&2
  exit 1
}
get() { cat "/run/units/$1/$2" 2>/dev/null || echo "$3"; }
state_of() { # state_of NAME: a unit that has said it is ready is active
  now=$(get "$1" state inactive)
  if [ "$now" = activating ] && [ -e "/run/units/$1/ready" ]; then now=active; fi
  echo "$now"
}
enabled() { if [ -e "/etc/systemd/system/multi-user.target.wants/$1.service" ]; then echo enabled; else echo disabled; fi; }
described() { sed -n 's/^Description=//p' "$units/$1.service" | head -n 1; }
all() { for file in "$units"/*.service; do [ ! -e "$file" ] || basename "$file" .service; done; }
pause() { sleep 0.05; }

start() {
  case $(state_of "$1") in active) return 0 ;; esac
  mkdir -p "/run/units/$1"
  rm -f "/run/units/$1/stopping" "/run/units/$1/ready"
  echo activating >"/run/units/$1/state"
  date '+%a %Y-%m-%d %H:%M:%S UTC' >"/run/units/$1/since"
  setsid /usr/local/lib/supervise "$1" </dev/null >/dev/null 2>&1 &
  tries=200
  while [ "$(state_of "$1")" = activating ] && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    pause
  done
  case $(state_of "$1") in
    active) ;;
    failed)
      echo "Job for $1.service failed because the control process exited with error code." >&2
      echo "See \"systemctl status $1.service\" and \"journalctl -xeu $1.service\" for details." >&2
      return 1
      ;;
    inactive) ;;
    *)
      echo "Job for $1.service timed out." >&2
      return 1
      ;;
  esac
}

stop() {
  pid=$(get "$1" pid '')
  [ -n "$pid" ] || return 0
  : >"/run/units/$1/stopping"
  # Every unit leads a session of its own.
  kill -TERM "-$pid" 2>/dev/null || kill -TERM "$pid" 2>/dev/null
  tries=40
  while [ -e "/run/units/$1/pid" ] && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    [ "$tries" -ne 1 ] || kill -KILL "-$pid" 2>/dev/null
    pause
  done
}

show_status() {
  echo "● $1.service - $(described "$1")"
  echo "     Loaded: loaded ($units/$1.service; $(enabled "$1"))"
  for file in "$units/$1.service.d/"*.conf; do [ ! -e "$file" ] || echo "    Drop-In: $file"; done
  state=$(state_of "$1")
  case $state in
    active) echo "     Active: active (running) since $(get "$1" since unknown)" ;;
    failed) echo "     Active: failed (Result: $(get "$1" result unknown)) since $(get "$1" since unknown)" ;;
    *) echo "     Active: $state (dead)" ;;
  esac
  [ "$state" != active ] || echo "   Main PID: $(get "$1" pid unknown)"
  [ "$state" != failed ] || echo "    Process: ExecStart (code=exited, status=$(get "$1" status unknown))"
  echo
  [ ! -e "/run/journal/$1" ] || tail -n 10 "/run/journal/$1"
  [ "$state" = active ] || return 3
}

list() { # list [STATE]
  for one in $(all); do
    state=$(state_of "$one")
    [ "${1-$state}" = "$state" ] || continue
    sub=dead
    [ "$state" != active ] || sub=running
    [ "$state" != failed ] || sub=failed
    echo "  $one.service loaded $state $sub $(described "$one")"
  done
}

verb=''
only=''
names=''
properties=''
want=''
for word in "$@"; do
  if [ -n "$want" ]; then
    properties="$properties $word"
    want=''
    continue
  fi
  case $word in
    --failed | --state=failed) only=failed ;;
    --state=*) only=${word#--state=} ;;
    -p | --property) want=1 ;;
    --property=*) properties="$properties ${word#--property=}" ;;
    -*) ;;
    '*'*) names="$names $(all)" ;;
    *) if [ -z "$verb" ]; then verb=$word; else names="$names $(basename "$word" .service)"; fi ;;
  esac
done
[ -n "$verb" ] || verb=list-units

case $verb in
  list-units | list-unit-files)
    if [ -n "$only" ]; then list "$only"; else list; fi
    exit 0
    ;;
  daemon-reload) exit 0 ;;
  is-system-running)
    if [ -n "$(list failed)" ]; then
      echo degraded
      exit 1
    fi
    echo running
    exit 0
    ;;
  reset-failed) [ -n "$names" ] || names=$(all) ;;
  status | start | stop | restart | try-restart | reload | reload-or-restart | enable | disable | cat | show | \
    is-active | is-failed | is-enabled) ;;
  *) usage "Unknown command verb $verb." ;;
esac
[ -n "$names" ] || usage "Too few arguments."

code=0
for name in $names; do
  if [ ! -e "$units/$name.service" ]; then
    usage "Unit $name.service could not be found."
  fi
  case $verb in
    status) show_status "$name" || code=$? ;;
    start) start "$name" || code=1 ;;
    stop) stop "$name" ;;
    restart | reload | reload-or-restart | try-restart)
      stop "$name"
      start "$name" || code=1
      ;;
    enable)
      mkdir -p "$units/multi-user.target.wants"
      ln -sf "../$name.service" "$units/multi-user.target.wants/$name.service" || code=1
      case " $* " in *' --now '*) start "$name" || code=1 ;; esac
      ;;
    disable)
      rm -f "$units/multi-user.target.wants/$name.service" || code=1
      case " $* " in *' --now '*) stop "$name" ;; esac
      ;;
    cat)
      for file in "$units/$name.service" "$units/$name.service.d/"*.conf; do
        if [ -e "$file" ]; then
          echo "# $file"
          cat "$file"
        fi
      done
      ;;
    show)
      case ,$only, in ,, | *",$(state_of "$name"),"*) ;; *) continue ;; esac
      for pair in "Id=$name.service" "ActiveState=$(state_of "$name")" "Result=$(get "$name" result success)" \
        "MainPID=$(get "$name" pid 0)" "ExecMainStatus=$(get "$name" status 0)" "NRestarts=0"; do
        case "$properties" in
          '') echo "$pair" ;;
          *"${pair%%=*}"*) echo "$pair" ;;
        esac
      done
      ;;
    is-active)
      state_of "$name"
      [ "$(state_of "$name")" = active ] || code=3
      ;;
    is-failed)
      state_of "$name"
      [ "$(state_of "$name")" = failed ] || code=1
      ;;
    is-enabled) enabled "$name" ;;
    reset-failed) [ "$(state_of "$name")" != failed ] || echo inactive >"/run/units/$name/state" ;;
  esac
done
exit "$code"
