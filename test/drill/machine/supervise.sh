#!/bin/sh
# supervise NAME: runs one unit to its end, as systemd does. Its state is in files in /run/units/NAME:
#   state    activating, active, inactive or failed
#   result   success, exit-code, signal, oom-kill
#   status   the exit code of the last run
#   pid      the main process, while there is one
# The program says that it is ready by making the file $READY; only then is the unit active.
set -u
name=$1
home=/run/units/$name
journal=/run/journal/$name
group=/sys/fs/cgroup/$name

note() { # note WHO: stdin, line by line, into the journal
  while IFS= read -r line; do
    printf '%s drill %s: %s\n' "$(date '+%b %d %H:%M:%S')" "$1" "$line" >>"$journal"
  done
}
say() { echo "$*" | note 'systemd[1]'; }
setting() { # setting KEY: its last value in the unit and its drop-ins
  cat "/etc/systemd/system/$name.service" "/etc/systemd/system/$name.service.d/"*.conf 2>/dev/null |
    sed -n "s/^$1=//p" | tail -n 1
}
bytes() { # bytes 16M: as a number; nothing for no limit
  case $1 in
    *G) echo "$((${1%G} * 1073741824))" ;;
    *M) echo "$((${1%M} * 1048576))" ;;
    *K) echo "$((${1%K} * 1024))" ;;
    '' | infinity) ;;
    *) echo "$1" ;;
  esac
}
kills() { # how many processes of the unit the kernel has killed for want of memory
  cat "$group/memory.events" "$group/memory.oom_control" 2>/dev/null | sed -n 's/^oom_kill //p' | head -n 1
}

command=$(setting ExecStart)
user=$(setting User)
memory=$(bytes "$(setting MemoryMax)")
export READY="$home/ready"
rm -f "$READY" "$home/fifo"
limit=
if [ -d /sys/fs/cgroup ]; then
  mkdir -p "$group"
  for file in memory.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo "${memory:--1}" >"$group/$file" 2>/dev/null || echo max >"$group/$file"
  done
elif [ -n "$memory" ]; then
  # Without control groups the limit is the address space: the program is refused memory, not killed.
  limit="ulimit -v $((memory / 1024));"
fi
before=$(kills)

mkfifo -m 622 "$home/fifo"
note "$name" <"$home/fifo" &
say "Starting $name.service..."
# shellcheck disable=SC2016 # $$ and "$@" are the inner shell's.
join="[ ! -d $group ] || echo \$\$ >$group/cgroup.procs; $limit"' exec "$@"'
if [ -n "$user" ]; then
  # READY is made by the unit's own account.
  chown "$user" "$home"
  set -- setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups sh -c "exec $command"
else
  set -- sh -c "exec $command"
fi
setsid sh -c "$join" sh "$@" >"$home/fifo" 2>&1 </dev/null &
main=$!
echo "$main" >"$home/pid"
wait "$main"
status=$?
rm -f "$home/pid"
if [ -e "$home/stopping" ]; then
  result=success state=inactive
elif [ "$status" -eq 0 ]; then
  result=success state=inactive
else
  result=exit-code state=failed
  [ "$status" -lt 128 ] || result=signal
  if [ "$(kills)" != "$before" ] || { [ -n "$limit" ] && [ "$status" -ne 0 ]; }; then
    result=oom-kill
    say "$name.service: A process of this unit has been killed by the OOM killer."
  fi
  say "$name.service: Main process exited, status=$status"
  say "$name.service: Failed with result '$result'."
fi
echo "$status" >"$home/status"
echo "$result" >"$home/result"
echo "$state" >"$home/state"
