#!/bin/sh
# enrol.sh: lets Breakglass see hosts. Run where the service's key is, by whoever may become root on the hosts.
#
#   enrol.sh [--key FILE] [--user NAME] [--login USER] [--ssh-config FILE] [--dry-run] HOST…
#   enrol.sh --check   [the same] HOST…
#   enrol.sh --remove  [the same] HOST…
#
#   HOST          a name or an address, or what your ssh configuration calls it
#   --key         the service's key for hosts, private or public half; made if there is none. Default: keys/fleet
#   --user        the account that is made for it there. Default: breakglass
#   --login       who signs in to install: root, or somebody whom sudo makes root. Default: as ssh would
#   --ssh-config  as ssh -F
#   --check       says what is not as it should be, and changes nothing
#   --remove      takes everything away again
#   --dry-run     says what would be done, and changes nothing
#
# It may be run again at any time: what is as it should be is left alone. Hosts that ask for nothing are done side by
# side; those that want a password, or whose key is new to you, ask one after another. Each host has one line in the
# end. Then comes what to paste into the configuration, for those where the key was tried and works.
#
# Exit codes: 0 all is well · 1 some host is not · 64 refused, nothing was done
set -eu
umask 077
LC_ALL=C
export LC_ALL
unset CDPATH

here=$(cd "$(dirname "$0")" && pwd)
at_once=10

refuse() {
  printf 'enrol.sh: %s\n' "$1" >&2
  exit 64
}

# ── What is asked for ────────────────────────────────────────────────────────────────────────────────────

action=install key_file=keys/fleet account=breakglass login='' config='' dry='' hosts=''

# is_name TEXT: a Unix account's.
is_name() {
  case $1 in
    '' | [!a-z_]* | *[!a-z0-9_-]*) return 1 ;;
  esac
  [ "${#1}" -le 32 ]
}

# is_host TEXT: never an option, a path or a port.
is_host() {
  case $1 in
    *:*) case $1 in *[!0-9A-Fa-f:.]*) return 1 ;; esac ;;
    '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) return 1 ;;
  esac
  [ "${#1}" -le 253 ]
}

read_options() {
  while [ "$#" -gt 0 ]; do
    case $1 in
      --key | --user | --login | --ssh-config)
        if [ "$#" -lt 2 ] || [ -z "$2" ]; then refuse "$1 needs a value"; fi
        case $2 in -*) refuse "$1 needs a value, and $2 is an option" ;; esac
        case $1 in
          --key) key_file=$2 ;;
          --user) account=$2 ;;
          --login) login=${2%@} ;;
          --ssh-config) config=$2 ;;
        esac
        shift
        ;;
      --check | --remove)
        [ "$action" = install ] || refuse 'either --check or --remove'
        action=${1#--}
        ;;
      --dry-run) dry=1 ;;
      -h | --help)
        sed -n '2,/^set /s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
      -*) refuse "there is no option $1: see --help" ;;
      *)
        is_host "$1" || refuse "this is no host: $(printf %.60s "$1" | tr -cd ' -~'). A user is named by --login, a port by your ssh configuration"
        case " $hosts " in *" $1 "*) ;; *) hosts="$hosts $1" ;; esac
        ;;
    esac
    shift
  done
  [ -n "$hosts" ] || refuse 'no host is named: enrol.sh HOST…, or --help'
  is_name "$account" || refuse "--user: this is no account name: $account"
  if [ "$account" = root ]; then refuse '--user: the account is made for this alone, and root is not'; fi
  case $login in '') ;; [!A-Za-z0-9_]* | *[!A-Za-z0-9._@-]*) refuse "--login: this is no user: $login" ;; esac
  if [ -n "$config" ] && [ ! -r "$config" ]; then refuse "--ssh-config: $config cannot be read"; fi
  for tool in ssh ssh-keygen; do command -v "$tool" >/dev/null || refuse "there is no $tool here"; done
  for part in breakglass-probe enrol-host; do
    [ -r "$here/$part" ] || refuse "$part is not beside this file"
  done
}

# Sets `public` and `private` (empty when it is not here) and `key`, TYPE BASE64.
read_key() {
  private=${key_file%.pub} public=${key_file%.pub}.pub key=''
  if [ ! -e "$public" ] && [ ! -e "$private" ]; then
    case $action$dry in
      remove*) return ;;
      check*) refuse "there is no key $public: --key names the one that the hosts should have" ;;
      *1) key='ssh-ed25519 AAAA' private='' && echo "would make the key $public" && return ;;
    esac
    mkdir -p "$(dirname "$private")"
    ssh-keygen -q -t ed25519 -N '' -C breakglass-fleet -f "$private"
    echo "made the key $private"
  fi
  if [ ! -e "$public" ]; then ssh-keygen -y -f "$private" >"$work/public" && public=$work/public; fi
  [ "$(grep -c . "$public")" -eq 1 ] || refuse "$public is not one public key"
  read -r type blob _ <"$public" || refuse "$public is not one public key"
  case $type:$blob in
    ssh-ed25519:*[!A-Za-z0-9+/=]* | ssh-rsa:*[!A-Za-z0-9+/=]* | ecdsa-sha2-nistp*:*[!A-Za-z0-9+/=]*) refuse "$public is no public key" ;;
    ssh-ed25519:?* | ssh-rsa:?* | ecdsa-sha2-nistp*:?*) ;;
    *) refuse "$public is no public key that can be used here: take an ssh-ed25519 one" ;;
  esac
  key="$type $blob"
  printf '%s\n' "$key" >"$work/key.pub"
  ssh-keygen -l -f "$work/key.pub" >/dev/null 2>&1 || refuse "$public is cut off or altered"
  [ -r "$private" ] || private=''
}

# One script for the host, with the probe in it: it goes in on stdin.
write_payload() {
  {
    printf "action=%s account=%s key='%s' dry='%s'\n" "$action" "$account" "$key" "$dry"
    printf "print_probe() {\ncat <<'END OF PROBE'\n"
    cat "$here/breakglass-probe"
    printf 'END OF PROBE\n}\n'
    cat "$here/enrol-host"
  } >"$work/payload"
}

# ── One host ─────────────────────────────────────────────────────────────────────────────────────────────

# connect HOST WORD…: ssh as whoever installs. Keys of hosts are checked by ssh, against what is known here, and a
# configuration that says otherwise is not followed.
connect() {
  host=$1
  shift
  ssh ${config:+-F "$config"} ${login:+-l "$login"} -T -o StrictHostKeyChecking=ask -o ConnectTimeout=10 -o RemoteCommand=none \
    -o ForwardAgent=no -o ForwardX11=no -o ClearAllForwardings=yes "$@"
}

# setting HOST NAME: as ssh would use it.
setting() { ssh ${config:+-F "$config"} ${login:+-l "$login"} -G -- "$1" </dev/null 2>/dev/null | sed -n "s/^$2 //p" | head -n 1; }

# by_way HOST: what stands between here and there, if anything. The service knows nothing of that.
by_way() {
  for one in proxyjump proxycommand; do
    way=$(setting "$1" "$one")
    case $way in '' | none) ;; *) echo "$one" && return ;; esac
  done
}

# The remote shell may be any.
remote() { if [ "$(setting "$1" user)" = root ]; then echo 'exec sh -s'; else echo 'exec sudo -n sh -s'; fi; }

# try HOST: without any question. Leaves its words in $work/HOST.out and .err.
try() {
  code=0
  connect "$1" -o BatchMode=yes -- "$1" "$(remote "$1")" <"$work/payload" >"$work/$1.out" 2>"$work/$1.err" || code=$?
  echo "$code" >"$work/$1.code"
}

said() { grep -qE -- "$2" "$work/$1.err" "$work/$1.out" 2>/dev/null; }
is_done() { grep -q '^breakglass-enrol end' "$work/$1.out"; }
is_refused() { grep -q '^breakglass-enrol refused' "$work/$1.out"; }
last_words() { tr -cd ' -~\n' <"$work/$1.err" | grep . | tail -n 1 | cut -c 1-200; }

# Why a host has to ask somebody; nothing when it does not have to.
question() {
  if is_done "$1" || is_refused "$1"; then return; fi
  if said "$1" 'IDENTIFICATION HAS CHANGED|REVOKED HOST KEY'; then return; fi
  if said "$1" 'Host key verification failed|No .* host key is known'; then
    echo 'its host key is not known here'
  elif said "$1" 'sudo: .*(password|terminal|tty)'; then
    echo 'sudo asks for a password there'
  elif said "$1" 'Permission denied \('; then
    echo 'it takes no key of yours'
  fi
}

# ask HOST: with whatever ssh and sudo want to know, on one connection.
ask() {
  shared="-o ControlMaster=auto -o ControlPath=$work/%C -o ControlPersist=60"
  code=0
  # shellcheck disable=SC2086
  connect "$1" $shared -- "$1" "$(remote "$1")" <"$work/payload" 2>"$work/$1.err" >"$work/$1.out" || code=$?
  if said "$1" 'sudo: .*(password|terminal|tty)'; then
    printf 'Password for sudo on %s: ' "$1" >/dev/tty
    old=$(stty -g </dev/tty)
    stty -echo </dev/tty
    IFS= read -r password </dev/tty || password=''
    stty "$old" </dev/tty
    echo >/dev/tty
    code=0
    # -k: it asks in any case, so that the first line is never taken for a command.
    # shellcheck disable=SC2086
    { printf '%s\n' "$password" && cat "$work/payload"; } |
      connect "$1" $shared -- "$1" "exec sudo -S -k -p '' sh -s" 2>"$work/$1.err" >"$work/$1.out" || code=$?
    password=''
  fi
  # shellcheck disable=SC2086
  connect "$1" $shared -O exit -- "$1" </dev/null >/dev/null 2>&1 || :
  echo "$code" >"$work/$1.code"
}

# Leaves in $work/HOST.trouble why the key does not work as it should. The host keys that will be printed are the only
# ones that count here.
verify() {
  sed -n 's/^breakglass-enrol hostkey /enrolled /p' "$work/$1.out" >"$work/$1.known"
  login=''
  connect "$1" -o BatchMode=yes -i "$private" -o IdentitiesOnly=yes -o IdentityAgent=none -o CertificateFile=none \
    -o PreferredAuthentications=publickey -o ControlMaster=no -o ControlPath=none -o HostKeyAlias=enrolled \
    -o UpdateHostKeys=no -o UserKnownHostsFile="$work/$1.known" -o GlobalKnownHostsFile=/dev/null \
    -o StrictHostKeyChecking=yes -l "$account" -- "$1" collect </dev/null >"$work/$1.probe" 2>"$work/$1.err" || :
  nonce=$(sed -n '1s/^breakglass-probe 1 \([0-9a-f]\{16\}\)$/\1/p' "$work/$1.probe")
  trouble=''
  if [ -z "$nonce" ] || [ "$(tail -n 1 "$work/$1.probe")" != "$nonce done" ]; then
    trouble=$(last_words "$1")
    trouble="the key does not work yet: ${trouble:-the probe said nothing}"
    if said "$1" 'Permission denied'; then
      trouble="$trouble. See AllowUsers, AllowGroups, AuthorizedKeysFile and Match in its sshd_config"
    fi
  fi
  printf '%s' "$trouble" >"$work/$1.trouble"
}

# ── What is told ─────────────────────────────────────────────────────────────────────────────────────────

# tell HOST WORD TEXT
tell() { printf '%-24s  %-9s  %s\n' "$@"; }

# The first word of each.
short() { printf '%s\n' "$1" | tr ',' '\n' | sed 's/^ *//; s/ .*//' | uniq | paste -s -d , - | sed 's/,/, /g'; }

# words HOST WORD: what the host said behind that word, as a list.
words() { sed -n "s/^breakglass-enrol $2 //p" "$work/$1.out" | tr -cd ' -~\n' | paste -s -d , - | sed 's/,\([^ ]\)/, \1/g'; }

sees() {
  case $(words "$1" scope) in
    own) echo 'no sudo there, so it sees no tmux sessions but its own account'"'"'s' ;;
    *) echo "sees everyone's tmux sessions" ;;
  esac
}

# finish HOST: its line. False when it is not as it should be.
finish() {
  if ! is_done "$1"; then
    if is_refused "$1"; then
      tell "$1" refused "$(words "$1" refused)"
    elif said "$1" 'IDENTIFICATION HAS CHANGED'; then
      tell "$1" failed "its host key is another than the one known here. If it was set up anew: ssh-keygen -R $1, then again"
    else
      why=$(question "$1")
      case $why in
        '') why=$(last_words "$1") ;;
        *known*) why="$why: sign in once by hand (ssh $1), or run this in a terminal" ;;
        *key*) why="$why: name another user by --login, or run this in a terminal" ;;
        *) why="$why: run this in a terminal, or --login root" ;;
      esac
      tell "$1" failed "${why:-ssh ended with $(cat "$work/$1.code")}"
    fi
    return 1
  fi
  changes=$(words "$1" 'did')
  case $action in
    check)
      if grep -q '^breakglass-enrol wrong' "$work/$1.out"; then
        tell "$1" wrong "$(words "$1" wrong)"
        return 1
      fi
      ;;
    remove)
      if [ "$dry" ]; then changes=$(words "$1" would); fi
      case $dry:$changes in
        *:) tell "$1" nothing 'there is nothing of it' ;;
        1:*) tell "$1" would "remove $changes" ;;
        *) tell "$1" removed "$(short "$changes")" ;;
      esac
      return
      ;;
    install)
      if [ "$dry" ]; then
        changes=$(words "$1" would)
        tell "$1" would "${changes:-change nothing}"
        return
      fi
      ;;
  esac
  trouble=$(cat "$work/$1.trouble" 2>/dev/null) || :
  tried=''
  [ -n "$private" ] || tried='; not tried, since the private half of the key is not here'
  way=$(by_way "$1")
  [ -z "$way" ] || tried="$tried; reached here by $way, which the service does not have: see that it reaches $(setting "$1" hostname) itself"
  if [ -n "$trouble" ]; then
    tell "$1" failed "${changes:+$(short "$changes"); }$trouble"
    return 1
  fi
  case $action in
    check) tell "$1" 'in order' "$(sees "$1")$tried" ;;
    install)
      word=unchanged
      if [ -n "$changes" ]; then word=enrolled; fi
      tell "$1" "$word" "${changes:+$(short "$changes"); }$(sees "$1")$tried"
      ;;
  esac
  echo "$1" >>"$work/good"
}

quote() { printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"; }

print_yaml() {
  path=$private
  case $path in '') path=${public%.pub} ;; esac
  case $path in /*) ;; *) path=$(cd "$(dirname "$path")" && pwd)/${path##*/} ;; esac
  echo
  echo '# For breakglass.yaml:'
  echo 'fleet:'
  echo "  key_file: $(quote "$path")"
  echo '  hosts:'
  while read -r host; do
    name=$(printf %s "$host" | tr ':' '-' | cut -c 1-63)
    case $name in *[!0-9]*) ;; *) name=host-$name ;; esac
    case $name in -*) name=host$name ;; esac
    echo "    $(quote "$name"):"
    echo "      host: $(quote "$(setting "$host" hostname)")"
    way=$(by_way "$host")
    [ -z "$way" ] || echo "      # Reached by $way when it was enrolled. The service has no such way: this has to be an address that it reaches."
    port=$(setting "$host" port)
    [ "$port" = 22 ] || echo "      port: $port"
    [ "$account" = breakglass ] || echo "      user: $account"
    echo '      host_keys:'
    sed -n 's/^breakglass-enrol hostkey /        - /p' "$work/$host.out"
  done <"$work/good"
}

# ── All of them ──────────────────────────────────────────────────────────────────────────────────────────

read_options "$@"
work=$(mktemp -d "${TMPDIR:-/tmp}/enrol.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
read_key
write_payload

# each try|try_key: for every host, some at once.
each() {
  running=0
  for host in $hosts; do
    case $1 in
      try) try "$host" & ;;
      try_key) try_key "$host" & ;;
    esac
    running=$((running + 1))
    [ "$running" -lt "$at_once" ] || { wait && running=0; }
  done
  wait
}

try_key() { if is_done "$1" && [ -n "$private" ]; then verify "$1"; fi; }

each try
for host in $hosts; do
  why=$(question "$host")
  if [ -n "$why" ] && (: </dev/tty) 2>/dev/null; then
    echo "$host: $why."
    ask "$host"
  fi
done

case $action$dry in install | check) each try_key ;; esac
: >"$work/good"
failed=0
for host in $hosts; do finish "$host" || failed=1; done
if [ "$action" = install ] && [ -s "$work/good" ]; then print_yaml; fi
exit "$failed"
