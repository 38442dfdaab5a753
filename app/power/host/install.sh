#!/bin/sh
# install.sh: puts Breakglass's power path on a Proxmox VE host, or changes, checks and removes it. Run by root there,
# from the folder that this file came in. README.md beside it says what is installed, and why.
#
#   install.sh --vm NAME --vmid ID --key 'ssh-ed25519 AAAA…'|FILE --from CIDR[,CIDR…] [--expiry YYYYMMDD]
#              [--dry-run] [--root DIR]
#   install.sh --check
#   install.sh --uninstall [--vm NAME] [--dry-run]
#
#   --vm       what Breakglass calls the VM; its key, its configuration and its state are kept under this name
#   --vmid     the VM here
#   --key      the one public key that may act on this VM: the line itself, or a file with it
#   --from     the addresses that the key is accepted from
#   --expiry   the key is refused from 00:00 of this day on, in this host's time
#   --dry-run  says what would be done, and changes nothing
#   --root     only puts the files under DIR, for packaging: no account, no reload
#
# It may be run again at any time: what is as it should be is left alone. Either all of a run is done or none: what
# fails, in whatever step, puts back every file as it was. Whether anybody still reads what it says changes nothing.
#
# Exit codes: 0 done, or all in order · 1 not in order, or failed and put back · 64 refused, nothing was changed
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
unset POSIXLY_CORRECT CDPATH
umask 022
# Its reader may go away: it goes on.
trap '' PIPE

account=breakglass
comment='Breakglass power verbs'
programs='breakglass-pve breakglass-vm breakglass-probe'
scripts="$programs breakglass-lib breakglass-status breakglass-preflight breakglass-report"
verbs='status forensics reset stop start cycle'
sbin=/usr/local/sbin
confs=/etc/breakglass
keys=/etc/ssh/authorized_keys.d
dropin=/etc/ssh/sshd_config.d/breakglass.conf
sudoers=/etc/sudoers.d/breakglass
# Here while sshd has yet to read what was put there. A host that starts anew reads all of it.
unread=/run/breakglass-sshd
case $0 in
  */*) here=${0%/*} ;;
  *) here=. ;;
esac

# ── Saying and undoing ───────────────────────────────────────────────────────────────────────────────────

# tell TEXT, say WORD TEXT
tell() { { printf '%s\n' "$1"; } 2>/dev/null || :; }
say() { tell "$(printf '%-9s  %s' "$1" "$2")"; }

# Wrong input, or a host that cannot take it: found before anything is changed.
refuse() {
  tell "install.sh: $1" >&2
  exit 64
}

# Something failed on the way: `end` puts everything back.
fail() {
  tell "install.sh: $1" >&2
  exit 1
}

# Every change is noted in $work/undo before it is made: a word, then its file, then what it was.
end() {
  code=$?
  trap '' HUP INT TERM
  set +e
  if [ "$code" -ne 0 ] && [ -s "$work/undo" ]; then
    sed '1!G;h;$!d' "$work/undo" | while read -r what path old; do
      case $what in
        file) place "$work/old.$old" "$path" ;;
        new) rm -f "$path" && rm -rf "${path%/*}/.${path##*/}.new" ;;
        folder) rmdir "$path" ;;
        account) userdel "$path" 2>/dev/null ;;
        mended) set_account "$(cut -d: -f1 "$work/account")" "$(cut -d: -f2 "$work/account")" "$(cut -d: -f3 "$work/account")" ;;
      esac
      say 'put back' "$path"
    done
  fi
  rm -rf "$work"
  exit "$code"
}

changes=0
did() {
  changes=$((changes + 1))
  say "$1" "$2"
}

# unsafe PATH: prints what keeps a folder from being used. Its mode is whoever's made it, and stays.
unsafe() {
  if [ -L "$1" ] || { [ -e "$1" ] && [ ! -d "$1" ]; }; then
    echo 'is not a folder'
  elif [ -d "$1" ]; then
    mode=0$(stat -c %a "$1")
    if [ "$(stat -c %u "$1")" != 0 ] || [ $((mode & 022)) -ne 0 ]; then
      echo "is $(stat -c '%U:%G %a' "$1"), so others than root can write there: chown root:root $1; chmod go-w $1"
    elif [ $((mode & 1)) -eq 0 ]; then
      echo "is closed to $account: chmod o+x $1"
    fi
  fi
}

# folder PATH MODE
folder() {
  at=$root$1
  wrong=$(unsafe "$at")
  [ -z "$wrong" ] || fail "$at $wrong"
  if [ -d "$at" ]; then
    say unchanged "$at"
  elif [ "$dry" ]; then
    did would "make $at, mode $2"
  else
    if [ "$root" ]; then mkdir -p "${at%/*}"; fi
    printf 'folder %s\n' "$at" >>"$work/undo"
    mkdir -m "$2" "$at"
    chown 0:0 "$at"
    did created "$at"
  fi
}

# place FILE PATH: a copy of the file, its owner and mode too, takes the place of what is there, in one step. It is
# made in a folder of its own beside it: the group staff may write in /usr/local/sbin, and must not choose what is
# written to.
place() {
  beside=${2%/*}/.${2##*/}.new
  rm -rf "$beside" && mkdir -m 700 "$beside" &&
    (cd -P "$beside" && [ "$(stat -c '%u %a' .)" = '0 700' ] && cp -p "$1" new && mv -fT new "$2") &&
    rmdir "$beside"
}

# put PATH MODE: what stands in $work/new becomes that file, root's.
put() {
  at=$root$1
  if [ -L "$at" ] || { [ -e "$at" ] && [ ! -f "$at" ]; }; then fail "$at is not a plain file"; fi
  if [ -f "$at" ] && cmp -s "$work/new" "$at" && [ "$(stat -c '%u:%g %a' "$at")" = "0:0 $2" ]; then
    say unchanged "$at"
    return
  fi
  did=created
  if [ -f "$at" ]; then did=changed; fi
  if [ "$dry" ]; then
    did would "have $at $did, mode $2"
    return
  fi
  if [ "$root" ]; then mkdir -p "${at%/*}"; fi
  if [ "$did" = changed ]; then
    cp -p "$at" "$work/old.$changes"
    printf 'file %s %s\n' "$at" "$changes" >>"$work/undo"
  else
    printf 'new %s\n' "$at" >>"$work/undo"
  fi
  chown 0:0 "$work/new"
  chmod "0$2" "$work/new"
  place "$work/new" "$at" || fail "$at could not be written"
  did "$did" "$at"
}

# take PATH…: removes files and folders of ours.
take() {
  for at in "$@"; do
    [ -e "$at" ] || [ -L "$at" ] || continue
    if [ "$dry" ]; then
      did would "remove $at"
    else
      rm -rf "$at"
      did removed "$at"
    fi
  done
}

# take_folder PATH: only an empty one, since others may keep theirs there too.
take_folder() {
  if [ ! -d "$1" ] || [ "$dry" ]; then
    return
  elif rmdir "$1" 2>/dev/null; then
    did removed "$1"
  else
    say note "$1 stays: it has more than what was installed"
  fi
}

# ── What may be asked for ────────────────────────────────────────────────────────────────────────────────

is_number() {
  case $1 in
    '' | *[!0-9]* | 0?*) return 1 ;;
  esac
}

is_name() {
  case $1 in
    '' | -* | *[!a-z0-9-]*) return 1 ;;
  esac
  [ "${#1}" -le 63 ]
}

is_ipv4() {
  case $1 in
    *[!0-9.]* | .* | *. | *..*) return 1 ;;
  esac
  # shellcheck disable=SC2046 # one word for each number
  set -- $(printf %s "$1" | tr . ' ')
  [ "$#" -eq 4 ] || return 1
  for part in "$@"; do
    is_number "$part" && [ "${#part}" -le 3 ] && [ "$part" -le 255 ] || return 1
  done
}

is_ipv6() {
  case $1 in
    *[!0-9a-fA-F:]* | *:::* | *::*::* | :[!:]* | *[!:]:) return 1 ;;
    *:*) ;;
    *) return 1 ;;
  esac
  # shellcheck disable=SC2046 # one word for each group
  set -- "$1" $(printf %s "$1" | tr : ' ')
  case $1 in
    *::*) [ "$#" -le 8 ] || return 1 ;;
    *) [ "$#" -eq 9 ] || return 1 ;;
  esac
  shift
  for part in "$@"; do
    [ "${#part}" -le 4 ] || return 1
  done
}

check_from() {
  case $1 in
    '') refuse '--from is missing: the addresses that the key is accepted from, such as 10.0.0.20/32' ;;
    *[!0-9a-fA-F:./,]* | ,* | *, | *,,*)
      refuse '--from takes addresses such as 10.0.0.0/24 or fd00::/64 with commas between them, nothing else'
      ;;
  esac
  [ "${#1}" -le 1000 ] || refuse '--from is too long'
  # shellcheck disable=SC2046 # one word for each address
  for range in $(printf %s "$1" | tr , ' '); do
    address=${range%%/*}
    if is_ipv4 "$address"; then
      widest=32
    elif is_ipv6 "$address"; then
      widest=128
    else
      refuse "--from: $address is no address"
    fi
    case $range in
      */*)
        bits=${range#*/}
        { is_number "$bits" && [ "${#bits}" -le 3 ] && [ "$bits" -le "$widest" ]; } ||
          refuse "--from: $range is no range of addresses"
        [ "$bits" -gt 0 ] || refuse "--from: $range is everywhere, which is no limit"
        ;;
    esac
  done
  # sshd refuses a key, and says so only in its log, when a range has bits beyond its prefix.
  printf 'Match Address %s\n' "$1" >"$work/from"
  if ! sshd -t -f "$work/from" >"$work/said" 2>&1 && grep -qi 'match address' "$work/said"; then
    refuse "--from: a range has bits beyond its prefix (10.0.0.0/24 is one, 10.0.0.1/24 is not): $1"
  fi
}

# Sets $key to `TYPE BASE64` of the one public key in the argument.
check_key() {
  [ -n "$1" ] || refuse '--key is missing: the public key of this VM, or the file that has it'
  case $1 in
    *-----BEGIN*) private_key ;;
    'ssh-'* | 'ecdsa-'* | 'sk-'* | *' ssh-'* | *' ecdsa-'* | *'
'*) printf '%s\n' "$1" >"$work/key" ;;
    *)
      [ -f "$1" ] || refuse "--key: this is neither a key nor a file: $(printf %.60s "$1" | tr -cd ' -~')"
      head -c 20000 "$1" >"$work/key"
      ;;
  esac
  if grep -q -e '-----BEGIN' "$work/key"; then private_key; fi
  if [ "$(tr -d '\n -~' <"$work/key" | wc -c)" -ne 0 ]; then
    refuse '--key: it has characters that no key has (a tab, a carriage return, a byte that is no ASCII)'
  fi
  case $(grep -c . "$work/key") in
    0) refuse '--key: it is empty' ;;
    1) ;;
    *) refuse '--key: there are several lines. One VM has one key, on one line' ;;
  esac
  read -r type blob rest <"$work/key" || refuse '--key: the key must stand on the first line'
  case $type in
    ssh-ed25519 | ecdsa-sha2-nistp256 | ecdsa-sha2-nistp384 | ecdsa-sha2-nistp521 | ssh-rsa) ;;
    sk-* | *-cert-v01@*) refuse "--key: $type cannot be used here: give an ssh-ed25519 key" ;;
    *)
      refuse '--key: it must begin with its type, such as ssh-ed25519, and have no options before it: those are written here'
      ;;
  esac
  case $rest in
    *' ssh-'* | *' ecdsa-'* | 'ssh-'* | 'ecdsa-'*) refuse '--key: there are two keys on this line' ;;
  esac
  case $blob in
    '' | *[!A-Za-z0-9+/=]*) refuse '--key: what follows the type is no key' ;;
  esac
  key="$type $blob"
  printf '%s\n' "$key" >"$work/key"
  print=$(ssh-keygen -l -f "$work/key" 2>/dev/null) || refuse '--key: the key is cut off or altered'
  if [ "$type" = ssh-rsa ] && [ "${print%% *}" -lt 3072 ]; then
    refuse "--key: an RSA key of ${print%% *} bits is too short: give an ssh-ed25519 key"
  fi
}

private_key() {
  refuse '--key: that is a private key, which stays where Breakglass runs: give the .pub beside it. Now that it has been given here, make a new one'
}

check_expiry() {
  case $1 in
    '') return ;;
    [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]) ;;
    *) refuse '--expiry takes a day such as 20301231' ;;
  esac
  [ "$(date -d "$1" +%Y%m%d 2>/dev/null)" = "$1" ] || refuse "--expiry: there is no day $1"
  [ "$1" -gt "$(date +%Y%m%d)" ] || refuse "--expiry: with $1 the key would be refused already"
}

# value_of FILE NAME: of a line `NAME=…`.
value_of() { sed -n "s/^$2=//p" "$1" 2>/dev/null | head -n 1; }

# By their files, in a folder that may have others.
installed_vms() {
  for conf in "$root$confs"/*.conf; do
    grep -qs -e '^vmid=' -e '^# The VM that the key of ' "$conf" || continue
    conf=${conf##*/}
    printf '%s\n' "${conf%.conf}"
  done
}

# One VM has one name and one key; a key opens one VM and nothing else.
check_taken() {
  for other in $(installed_vms); do
    [ "$other" != "$vm" ] || continue
    [ "$(value_of "$root$confs/$other.conf" vmid)" != "$vmid" ] || refuse "VM $vmid is installed already, as $other"
  done
  if [ -f "$root$keys/$account" ]; then
    owner=$(grep -F " $key " "$root$keys/$account" | sed -n 's/.* breakglass://p' | head -n 1)
    if [ -n "$owner" ] && [ "$owner" != "$vm" ]; then
      refuse "this key is $owner's already: every VM has a key of its own"
    fi
  fi
  # On a cluster, root's keys lie in its file system, which may hang: an answer is not waited for.
  if [ -z "$root" ] && bounded grep -qsF "${key#* }" /root/.ssh/authorized_keys /root/.ssh/authorized_keys2; then
    refuse 'this key also opens the account of root here: make one for this VM alone'
  fi
}

# bounded COMMAND…: false as well when it has no end within 3 s. What hangs in the kernel, where no signal reaches it,
# is left behind, without the lock.
bounded() {
  rm -f "$work/ended"
  (
    timeout -s KILL 3 "$@" && code=0 || code=$?
    echo "$code" >"$work/ended"
  ) </dev/null >/dev/null 2>&1 9<&- &
  tries=0
  while [ ! -s "$work/ended" ]; do
    if [ "$tries" -ge 80 ]; then return 124; fi
    tries=$((tries + 1))
    sleep 0.05
  done
  return "$(cat "$work/ended")"
}

need() {
  for tool in "$@"; do
    command -v "$tool" >/dev/null || missing="${missing-} $tool"
  done
}

check_host() {
  need sshd ssh-keygen flock timeout setsid logger useradd userdel getent
  [ -z "${missing-}" ] || refuse "not here:$missing. A Proxmox VE host has them all"
  need sudo visudo
  [ -z "${missing-}" ] || refuse 'sudo is not here: apt-get update && apt-get install --no-install-recommends sudo'
  for script in $scripts; do
    [ -f "$here/$script" ] || refuse "$script is not beside this file: copy the whole folder to the host"
  done
  for at in "$confs" "$keys"; do
    wrong=$(unsafe "$root$at")
    [ -z "$wrong" ] || refuse "$root$at $wrong"
  done
  [ -z "$root" ] || return 0
  sshd -t 2>"$work/said" || refuse "the configuration of sshd is broken already, mend that first: $(tr '\n' ' ' <"$work/said")"
  # Behind a `Match` line it would hold for some only.
  sed '/^[[:space:]]*[Mm][Aa][Tt][Cc][Hh]/,$d' /etc/ssh/sshd_config 2>/dev/null |
    grep -Eiq '^[[:space:]]*include[[:space:]].*/etc/ssh/sshd_config\.d/\*\.conf' ||
    refuse '/etc/ssh/sshd_config does not read its folder. Put this line at its top: Include /etc/ssh/sshd_config.d/*.conf'
  visudo -c >"$work/said" 2>&1 || refuse "the configuration of sudo is broken already, mend that first: $(tr '\n' ' ' <"$work/said")"
  if getent passwd "$account" >"$work/said"; then
    [ "$(cut -d: -f5 "$work/said")" = "$comment" ] || refuse "there is an account named $account that is not ours"
  fi
}

# ── What is installed ────────────────────────────────────────────────────────────────────────────────────

# Files that differ for no VM. Each is written to stdout.

print_sudoers() {
  cat <<END
# Breakglass: its account may run its worker with one of six words, and nothing else. What each word acts on
# goes in on stdin, and is looked up in a file of root's.
Defaults:$account env_reset, !env_keep, !env_check, !setenv, umask=0077, secure_path="/usr/sbin:/usr/bin:/sbin:/bin"
# Neither a terminal nor a mail, and nothing that has to be up beside sudo itself.
Defaults:$account !requiretty, !use_pty, !lecture, !pam_session
Defaults:$account !mail_always, !mail_badpass, !mail_no_user, !mail_no_host, !mail_no_perms
END
  separator="$account ALL=(root) NOPASSWD: "
  for verb in $verbs; do
    printf '%s%s/breakglass-vm %s' "$separator" "$sbin" "$verb"
    separator=', '
  done
  echo
}

print_dropin() {
  cat <<END
# Breakglass: how its account signs in. No ForceCommand: each key has a command of its own, in the file named here,
# and this would take its place.
Match User $account
  AuthenticationMethods publickey
  PubkeyAuthentication yes
  PasswordAuthentication no
  KbdInteractiveAuthentication no
  AuthorizedKeysFile $keys/$account
  AuthorizedKeysCommand none
  AuthorizedPrincipalsFile none
  TrustedUserCAKeys none
  DisableForwarding yes
  PermitTunnel no
  PermitTTY no
  PermitUserRC no
  MaxSessions 2
  ClientAliveInterval 15
  ClientAliveCountMax 3
  LogLevel VERBOSE
Match all
END
}

key_line() {
  expiring=
  if [ "$expiry" ]; then expiring=",expiry-time=\"$expiry\""; fi
  printf 'restrict,command="%s/breakglass-pve %s/%s.conf",from="%s"%s %s breakglass:%s\n' \
    "$sbin" "$confs" "$vm" "$from" "$expiring" "$key" "$vm"
}

# What is no program is read by breakglass-vm, and never run.
mode_of() {
  case " $programs " in
    *" $1 "*) echo 755 ;;
    *) echo 644 ;;
  esac
}

put_account() {
  if ! getent passwd "$account" >"$work/said"; then
    if [ "$dry" ]; then
      did would "make the account $account"
      return
    fi
    printf 'account %s\n' "$account" >>"$work/undo"
    # `*` is a password that nobody has. With `!`, sshd without PAM would take the account for a locked one.
    useradd --system --user-group --no-create-home --home-dir "$confs" --shell /bin/sh --password '*' \
      --comment "$comment" "$account"
    did created "the account $account"
  elif [ "$(cut -d: -f6,7 "$work/said") $(password)" = "$confs:/bin/sh *" ]; then
    say unchanged "the account $account"
  elif [ "$dry" ]; then
    did would "mend the account $account"
  else
    printf '%s:%s\n' "$(cut -d: -f6,7 "$work/said")" "$(password)" >"$work/account"
    printf 'mended %s\n' "$account" >>"$work/undo"
    set_account "$confs" /bin/sh '*'
    did changed "the account $account: home, shell and password as they were made"
  fi
}

# set_account HOME SHELL PASSWORD
set_account() { usermod --home "$1" --shell "$2" --password "$3" "$account"; }
password() { getent shadow "$account" | cut -d: -f2; }

put_conf() {
  at=$root$confs/$vm.conf
  if [ -f "$at" ]; then
    # Whatever else an administrator has put there stays.
    was=$(value_of "$at" vmid)
    if [ "$was" != "$vmid" ]; then say note "$vm was VM ${was:-none} and is now VM $vmid"; fi
    sed "s/^vmid=.*/vmid=$vmid/" "$at" >"$work/new"
    if [ -z "$was" ]; then printf 'vmid=%s\n' "$vmid" >>"$work/new"; fi
  else
    printf '# The VM that the key of %s acts on. Read by breakglass-vm, which says what else can stand here.\nvmid=%s\n' \
      "$vm" "$vmid" >"$work/new"
  fi
  put "$confs/$vm.conf" 600
}

put_key() {
  cat "$root$keys/$account" >"$work/keys" 2>/dev/null || :
  # In its place where it has one: nothing else in the file moves.
  line=$(key_line) awk -v end=" breakglass:$vm" '
    substr($0, length($0) - length(end) + 1) == end { if (!n++) print ENVIRON["line"]; next }
    { print }
    END { if (!n) print ENVIRON["line"] }
  ' "$work/keys" >"$work/new"
  put "$keys/$account" 644
}

put_sudoers() {
  print_sudoers >"$work/new"
  visudo -c -q -f "$work/new" 2>"$work/said" || fail "sudo does not take the file for it: $(tr '\n' ' ' <"$work/said")"
  put "$sudoers" 440
  [ -z "$root$dry" ] || return 0
  visudo -c >"$work/said" 2>&1 || fail "sudo does not take $sudoers: $(tr '\n' ' ' <"$work/said")"
}

put_dropin() {
  print_dropin >"$work/new"
  if [ -z "$root$dry" ] && ! cmp -s "$work/new" "$dropin"; then mark_unread; fi
  put "$dropin" 644
  [ -z "$root$dry" ] || return 0
  # The server that runs has not read it yet: it is tried first.
  sshd -t 2>"$work/said" || fail "sshd does not take $dropin: $(tr '\n' ' ' <"$work/said")"
  wrong=$(unlike_sshd)
  [ -z "$wrong" ] || fail "with $dropin sshd would not do as it says: $wrong"
  if [ -e "$unread" ]; then reload_sshd; fi
}

# A run may be killed before it has told sshd: the next one does.
mark_unread() {
  [ ! -e "$unread" ] || return 0
  printf 'new %s\n' "$unread" >>"$work/undo"
  : >"$unread"
}

reload_sshd() {
  if [ -d /run/systemd/system ]; then
    if systemctl --quiet is-active ssh.service; then
      systemctl reload ssh.service || fail 'sshd could not be told to read its configuration again'
      rm -f "$unread"
      say reloaded ssh.service
      return
    fi
  elif pid=$(cat /run/sshd.pid 2>/dev/null) && is_number "$pid" && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = sshd ]; then
    kill -HUP "$pid"
    rm -f "$unread"
    say reloaded "sshd, process $pid"
    return
  fi
  rm -f "$unread"
  say note 'no sshd runs as a service here: it reads its configuration when it starts'
}

# sshd's own words for what holds for the account, from the first address that a key is accepted from.
sshd_says() {
  peer=127.0.0.1
  if [ -f "$keys/$account" ]; then
    peer=$(sed -n 's/.*,from="\([^",/]*\).*/\1/p' "$keys/$account" | head -n 1)
  fi
  sshd -T -C "user=$account,host=localhost,addr=${peer:-127.0.0.1},laddr=127.0.0.1,lport=22"
}

# Prints what is not as the drop-in says, or would undo it; nothing when all is.
unlike_sshd() {
  sshd_says >"$work/sshd" 2>&1 || {
    tr '\n' ' ' <"$work/sshd"
    return
  }
  {
    # `Match` and comments aside, every line of the drop-in, as `sshd -T` spells it; and what would undo them.
    print_dropin | sed -n 's/^  \([A-Za-z]*\) /\1 /p' | while read -r word value; do
      printf '%s %s\n' "$(printf %s "$word" | tr '[:upper:]' '[:lower:]')" "$value"
    done
    printf 'forcecommand none\nchrootdirectory none\n'
  } | while read -r line; do
    grep -qxF "$line" "$work/sshd" || printf '%s ' "${line% *} is $(sed -n "s/^${line%% *} //p" "$work/sshd" | head -n 1);"
  done
  for rule in allowusers allowgroups; do
    if grep -q "^$rule " "$work/sshd" && [ -z "$(rules_for "$rule")" ]; then printf '%s ' "$rule does not name $account;"; fi
  done
  for rule in denyusers denygroups; do
    if [ -n "$(rules_everywhere "$rule")" ]; then printf '%s ' "$rule names $account;"; fi
  done
}

# rules_for WORD: the patterns of a rule that match the account, with their addresses.
rules_for() {
  sed -n "s/^$1 //p" "$work/sshd" | tr ' ' '\n' | while read -r pattern; do
    # shellcheck disable=SC2254 # it is a pattern
    case $account in
      ${pattern%@*}) printf '%s\n' "$pattern" ;;
    esac
  done
}

rules_everywhere() { rules_for "$1" | grep -v '@.*[^*]'; }

# What sshd lets in from some addresses only: nobody here knows all addresses that count.
note_addresses() {
  for rule in allowusers denyusers; do
    some=$(rules_for "$rule" | grep '@.*[^*]' | tr '\n' ' ')
    if [ -z "$some" ] || [ -n "$(rules_everywhere "$rule")" ]; then continue; fi
    say note "sshd has $rule ${some% }: see that it lets $account in from every address of --from"
  done
}

install_vm() {
  is_name "$vm" || refuse '--vm takes small letters, digits and dashes, at most 63, such as devvm'
  { is_number "$vmid" && [ "$vmid" -ge 100 ] && [ "${#vmid}" -le 9 ]; } ||
    refuse '--vmid takes the number of a VM, 100 or more'
  check_expiry "$expiry"
  check_host
  check_from "$from"
  check_key "$key"
  check_taken
  if [ -z "$root" ]; then
    # shellcheck disable=SC2016 # for the other shell
    bounded sh -c '[ ! -d /etc/pve ] || [ -e "/etc/pve/qemu-server/$0.conf" ]' "$vmid" && code=0 || code=$?
    case $code in
      0) ;;
      1) say note "VM $vmid is not on this host now: install it on every host that it may run on" ;;
      *) say note "/etc/pve has no answer: whether VM $vmid is on this host could not be seen" ;;
    esac
  fi

  if [ -z "$root" ]; then put_account; fi
  for script in $scripts; do
    cat "$here/$script" >"$work/new"
    put "$sbin/$script" "$(mode_of "$script")"
  done
  folder "$confs" 711
  put_conf
  put_sudoers
  folder "$keys" 755
  put_key
  put_dropin
  # It stands: what goes wrong from here on takes nothing back.
  : >"$work/undo"

  if [ "$changes" -eq 0 ]; then
    tell 'Nothing had to be changed.'
  elif [ "$dry" ]; then
    tell 'Nothing was changed: this was a dry run.'
  fi
  if [ -z "$root$dry" ]; then
    note_addresses
    tell "$(print_configuration)"
  fi
}

# What goes into the service's configuration.
print_configuration() {
  name=$(hostname -s | tr '[:upper:]' '[:lower:]')
  address=$(printf %s "${SSH_CONNECTION-}" | cut -d' ' -f3)
  if [ -z "$address" ]; then address=$(hostname -I 2>/dev/null | cut -d' ' -f1); fi
  cat <<END

For the configuration of Breakglass. \`host\` is the address at which it reaches this machine.

hypervisors:
  $name:
    host: ${address:-$name}
    port: $(sed -n 's/^port //p' "$work/sshd" | head -n 1)
    user: $account
    host_keys:
$(host_keys | sed 's/^/      - /')
vms:
  $vm:
    hypervisor: $name
    key_file: keys/$vm
END
  if grep -q '^persourcepenalties' "$work/sshd" && ! grep -q '^persourcepenaltyexemptlist [^n]' "$work/sshd"; then
    cat <<END

This sshd locks out addresses that fail to sign in. So that a mistake never takes the power path away, put this line at
the top of /etc/ssh/sshd_config, or add to the list that is there:
PerSourcePenaltyExemptList $from
END
  fi
}

host_keys() {
  sed -n 's/^hostkey //p' "$work/sshd" | while read -r file; do
    if [ -f "$file.pub" ]; then cut -d' ' -f1,2 "$file.pub"; fi
  done
}

# ── --check ──────────────────────────────────────────────────────────────────────────────────────────────

bad=0
# verdict ITEM WRONG: in order when nothing is wrong.
verdict() {
  if [ -z "$2" ]; then
    say ok "$1"
  else
    bad=$((bad + 1))
    say WRONG "$1: $2"
  fi
}

# unlike PATH KIND MODE: prints how a file or folder differs from one of root's with this mode.
unlike() {
  if [ -L "$1" ] || [ ! -e "$1" ]; then
    echo 'is not there'
  elif [ "$(stat -c '%F' "$1" | sed 's/ empty//')" != "$2" ]; then
    echo "is no $2"
  elif [ "$(stat -c '%U:%G %a' "$1")" != "root:root $3" ]; then
    echo "is $(stat -c '%U:%G %a' "$1"), should be root:root $3"
  fi
}

# A file as it is written by this installer.
same_as_new() {
  wrong=$(unlike "$1" 'regular file' "$2")
  if [ -z "$wrong" ] && ! cmp -s "$work/new" "$1"; then wrong='is not what this installer puts there'; fi
  verdict "$1" "$wrong"
}

check_all() {
  need sudo visudo sshd ssh-keygen flock timeout setsid logger
  verdict 'the commands that this needs' "${missing:+not here:$missing}"
  check_account
  check_scripts
  check_sudo
  check_sshd
  check_folder "$confs"
  for vm in $(installed_vms); do check_vm "$vm"; done
  [ "$(installed_vms)" ] || verdict 'VMs' 'none is installed'
  check_keys
  if [ "$bad" -eq 0 ]; then
    tell 'All is in order.'
    exit 0
  fi
  tell "Not in order: $bad. Running the installer again mends what is its own."
  exit 1
}

check_account() {
  wrong=
  if ! getent passwd "$account" >"$work/said"; then
    wrong='is not there'
  elif [ "$(cut -d: -f5-7 "$work/said")" != "$comment:$confs:/bin/sh" ]; then
    wrong="is $(cut -d: -f5-7 "$work/said"), should be $comment:$confs:/bin/sh"
  elif [ "$(cut -d: -f3 "$work/said")" -eq 0 ]; then
    wrong='is root'
  elif [ "$(password)" != '*' ]; then
    wrong='has a password, or is locked'
  elif [ "$(getent shadow "$account" | cut -d: -f8)" ]; then
    wrong='has a day on which it ends'
  elif [ "$(id -Gn "$account")" != "$account" ]; then
    wrong="is in other groups: $(id -Gn "$account")"
  fi
  verdict "the account $account" "$wrong"
}

check_folder() {
  wrong=$(unsafe "$1")
  [ -e "$1" ] || wrong='is not there'
  verdict "$1" "$wrong"
}

check_scripts() {
  wrong=
  if [ "$(stat -c %u "$sbin")" != 0 ] || [ $((0$(stat -c %a "$sbin") & 2)) -ne 0 ]; then
    wrong='others than root may write there'
  fi
  verdict "$sbin" "$wrong"
  if [ $((0$(stat -c %a "$sbin") & 020)) -ne 0 ] && [ "$(stat -c %g "$sbin")" != 0 ]; then
    say note "$sbin: the group $(stat -c %G "$sbin") may write there too, and with that become root"
  fi
  for script in $scripts; do
    if [ -f "$here/$script" ]; then
      cat "$here/$script" >"$work/new"
      same_as_new "$sbin/$script" "$(mode_of "$script")"
    else
      verdict "$sbin/$script" "$(unlike "$sbin/$script" 'regular file' "$(mode_of "$script")")"
    fi
  done
}

check_sudo() {
  print_sudoers >"$work/new"
  same_as_new "$sudoers" 440
  command -v sudo >/dev/null || return 0
  if visudo -c >"$work/said" 2>&1; then wrong=; else wrong=$(tr '\n' ' ' <"$work/said"); fi
  verdict 'visudo -c' "$wrong"
  # All that sudo would let the account do, from whichever file.
  allowed=$(sudo -n -l -U "$account" 2>/dev/null | sed '1,/may run the following/d' | tr -s ' \n' ' ')
  expected=$(print_sudoers | sed -n "s/^$account ALL=/ /p" | tr -d '\n')
  wrong=
  [ "${allowed% }" = "$expected" ] || wrong="is not the six verbs alone:${allowed:- nothing}"
  verdict "sudo -l -U $account" "$wrong"
  # Debian's sudo looks up the host's own name: from a file, or else from a DNS that may not answer.
  wrong=
  timeout -s KILL 3 getent -s files hosts "$(hostname)" >/dev/null 2>&1 ||
    wrong="$(hostname) is not there: sudo would wait for the DNS"
  verdict '/etc/hosts' "$wrong"
}

check_sshd() {
  print_dropin >"$work/new"
  same_as_new "$dropin" 644
  if sshd -t 2>"$work/said"; then wrong=; else wrong=$(tr '\n' ' ' <"$work/said"); fi
  verdict 'sshd -t' "$wrong"
  verdict "sshd -T -C user=$account" "$(unlike_sshd)"
  note_addresses
  wrong=
  [ ! -e "$unread" ] || wrong='was not told of its new configuration: run the installer again'
  verdict 'sshd, as it runs,' "$wrong"
  check_folder "$keys"
  verdict "$keys/$account" "$(unlike "$keys/$account" 'regular file' 644)"
}

# check_vm NAME
check_vm() {
  conf=$confs/$1.conf
  wrong=$(unlike "$conf" 'regular file' 600)
  if [ -z "$wrong" ]; then
    if ! is_name "$1"; then
      wrong='is no name of a VM'
    elif ! is_number "$(value_of "$conf" vmid)"; then
      wrong='names no VM'
    fi
  fi
  verdict "$conf" "$wrong"
  tools=$(value_of "$conf" tools)
  wrong=
  [ -x "${tools:-/usr/sbin}/qm" ] || wrong='is not there'
  verdict "${tools:-/usr/sbin}/qm, for $1" "$wrong"
  wrong=
  count=$(grep -c " breakglass:$1\$" "$keys/$account" 2>/dev/null) || :
  [ "${count:-0}" -eq 1 ] || wrong="there are ${count:-0}, should be one"
  verdict "the key of $1" "$wrong"
}

# Every line of the file is one that this installer writes, for a VM that is installed, with a key of its own.
check_keys() {
  [ -f "$keys/$account" ] || return 0
  wrong=
  cat "$keys/$account" >"$work/lines"
  while IFS= read -r line || [ -n "$line" ]; do
    vm=${line##* breakglass:}
    from=$(printf '%s\n' "$line" | sed -n 's/.*,from="\([0-9a-fA-F:.,/]*\)".*/\1/p')
    expiry=$(printf '%s\n' "$line" | sed -n 's/.*,expiry-time="\([0-9]*\)".*/\1/p')
    key=$(printf '%s\n' "$line" | sed -n 's/.*" \([a-z0-9-]* [A-Za-z0-9+/=]*\) breakglass:[a-z0-9-]*$/\1/p')
    if ! is_name "$vm" || [ -z "$from" ] || [ -z "$key" ] || [ "$line" != "$(key_line)" ]; then
      wrong="$wrong a line is not of this installer;"
    elif [ ! -f "$confs/$vm.conf" ]; then
      wrong="$wrong $vm is not installed;"
    elif [ "$(grep -cF " $key " "$keys/$account")" -ne 1 ]; then
      wrong="$wrong the key of $vm is there twice;"
    elif [ "$expiry" ] && [ "$expiry" -le "$(date +%Y%m%d)" ]; then
      wrong="$wrong the key of $vm has ended;"
    fi
  done <"$work/lines"
  verdict 'the lines of the keys' "$wrong"
}

# ── --uninstall ──────────────────────────────────────────────────────────────────────────────────────────

# Waits for nothing and kills no operation: one that runs goes on, and would lose its record.
check_idle() {
  for name in "$@"; do
    state=$(value_of "$confs/$name.conf" state)
    state=${state:-/run/breakglass/$name}
    if [ -e "$state/lock" ] && ! flock -n "$state/lock" true; then
      refuse "an operation runs on $name: wait for its end, or see $state"
    fi
  done
}

# uninstall_vm NAME
uninstall_vm() {
  if grep -q " breakglass:$1\$" "$keys/$account" 2>/dev/null; then
    { grep -v " breakglass:$1\$" "$keys/$account" || :; } >"$work/new"
    put "$keys/$account" 644
    : >"$work/undo"
  fi
  take_vm "$1"
}

# take_vm NAME
take_vm() { take "$confs/$1.conf" "/run/breakglass/$1" "/var/lib/breakglass/$1"; }

uninstall() {
  if [ "$vm" ]; then
    is_name "$vm" || refuse '--vm takes small letters, digits and dashes, at most 63, such as devvm'
    check_idle "$vm"
    uninstall_vm "$vm"
    [ "$(installed_vms)" ] || say note 'no VM is left: install.sh --uninstall removes the rest'
  else
    # shellcheck disable=SC2046 # one word for each VM
    check_idle $(installed_vms)
    vms=$(installed_vms)
    # The keys first: nobody signs in while the rest goes.
    take "$keys/$account"
    take_folder "$keys"
    if [ -e "$dropin" ] && [ -z "$dry" ]; then mark_unread; fi
    : >"$work/undo"
    take "$dropin"
    if [ -e "$unread" ] && [ -z "$dry" ]; then reload_sshd; fi
    take "$sudoers"
    for script in $scripts; do take "$sbin/$script"; done
    for vm in $vms; do take_vm "$vm"; done
    for at in "$confs" /run/breakglass /var/lib/breakglass; do take_folder "$at"; done
    uninstall_account
  fi
  if [ "$changes" -eq 0 ]; then
    tell 'There was nothing to remove.'
  elif [ "$dry" ]; then
    tell 'Nothing was changed: this was a dry run.'
  fi
}

uninstall_account() {
  getent passwd "$account" >"$work/said" || return 0
  if [ "$(cut -d: -f5 "$work/said")" != "$comment" ]; then
    say note "the account $account is not ours, and stays"
  elif [ "$dry" ]; then
    did would "remove the account $account"
  else
    # Whoever is still signed in.
    pkill -KILL -U "$account" || :
    userdel --force "$account" 2>"$work/said" || fail "the account stays: $(tr '\n' ' ' <"$work/said")"
    did removed "the account $account"
  fi
}

# ── The command line ─────────────────────────────────────────────────────────────────────────────────────

usage() {
  sed -n '/^#   install.sh/,/^#$/p; /^#   --vm/,/^#$/p' "$0" | sed 's/^# \{0,1\}//' >&2 || :
  exit 64
}

mode=install vm='' vmid='' key='' from='' expiry='' dry='' root=''
[ "$#" -gt 0 ] || usage
while [ "$#" -gt 0 ]; do
  case $1 in
    --check | --uninstall)
      [ "$mode" = install ] || usage
      mode=${1#--}
      shift
      continue
      ;;
    --dry-run)
      dry=1
      shift
      continue
      ;;
    --vm | --vmid | --key | --from | --expiry | --root) [ "$#" -ge 2 ] || refuse "$1 needs a value" ;;
    *) usage ;;
  esac
  case $1 in
    --vm) vm=$2 ;;
    --vmid) vmid=$2 ;;
    --key) key=$2 ;;
    --from) from=$2 ;;
    --expiry) expiry=$2 ;;
    --root)
      root=${2%/}
      if [ ! -d "$2" ] || [ -z "$root" ]; then refuse '--root takes a folder that is there'; fi
      ;;
  esac
  shift 2
done
case $mode in
  check) [ -z "$vm$vmid$key$from$expiry$root$dry" ] || usage ;;
  uninstall) [ -z "$vmid$key$from$expiry$root" ] || usage ;;
esac
[ "$(id -u)" -eq 0 ] || refuse 'only root can do this'

# One at a time: this file is the lock.
exec 9<"$0"
if ! flock -n 9; then refuse 'it is running already'; fi
work=$(mktemp -d)
trap end EXIT
trap 'exit 1' HUP INT TERM

case $mode in
  install) install_vm ;;
  check) check_all ;;
  uninstall) uninstall ;;
esac
