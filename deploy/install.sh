#!/usr/bin/env bash
# Installs ElCaro as systemd services: user, folders, credentials, units. Run it again after an update.
# It never overwrites settings, credentials or data.
set -euo pipefail
umask 022
source="$(cd "$(dirname "$0")/.." && pwd)"

usage() {
  cat <<'HELP'
Usage: sudo deploy/install.sh [--dry-run] [--root DIR]

  --dry-run    say what would be done, change nothing
  --root DIR   install below DIR instead of /, without user, packages or services: to look at, or to build an image

Installs into /opt/elcaro, keeps data in /var/lib/elcaro, logs in /var/log/elcaro, credentials in /etc/elcaro.
HELP
}

fail() { echo "$*" >&2; exit 1; }

dry=""
root=""
while [ $# -gt 0 ]; do
  case "$1" in
    --dry-run) dry=yes ;;
    --root) root="${2:-}"; [ -n "$root" ] || fail "--root: expected a folder"; shift ;;
    --help | -h) usage; exit ;;
    *) usage >&2; fail "Unknown: $1" ;;
  esac
  shift
done

app="$root/opt/elcaro"
state="$root/var/lib/elcaro"
logs="$root/var/log/elcaro"
etc="$root/etc/elcaro"
units="$root/etc/systemd/system"

do_it() { # says what it does; with --dry-run that is all
  echo "  $*"
  if [ -z "$dry" ]; then "$@"; fi
}

owned_by_elcaro() {
  if [ -z "$root" ]; then do_it chown -R elcaro:elcaro "$@"; fi
}

add_user() {
  if [ -n "$root" ] || id elcaro >/dev/null 2>&1; then return; fi
  do_it useradd --system --home-dir /var/lib/elcaro --shell /usr/sbin/nologin elcaro
}

make_folders() {
  local folder
  for folder in "$app" "$units"; do
    if [ ! -d "$folder" ]; then do_it install -d -m 755 "$folder"; fi
  done
  for folder in "$state" "$logs" "$etc"; do
    if [ ! -d "$folder" ]; then do_it install -d -m 700 "$folder"; fi
  done
  owned_by_elcaro "$state" "$logs"
}

copy_program() {
  if [ "$source" = "$app" ]; then return; fi
  echo "  copy the program to $app"
  if [ -n "$dry" ]; then return; fi
  # what the last release had and this one has not must not stay behind, least of all its migrations
  find "$app" -mindepth 1 -maxdepth 1 ! -name .env ! -name .venv ! -name data ! -name logs ! -name backups -exec rm -rf {} +
  tar -C "$source" -cf - --exclude=./.git --exclude=./.venv --exclude=./.env --exclude=./data --exclude=./run \
    --exclude=./logs --exclude=./backups --exclude=__pycache__ --exclude='./.*_cache' --exclude=./.hypothesis . |
    tar -C "$app" -xf - --no-same-owner
}

# The settings of an installation that was tried out here are taken over, without the token: that becomes a credential.
# Settings that are in place already stay as they are.
write_settings() {
  if [ -f "$app/.env" ]; then
    if [ -z "$dry" ]; then keep_token "$app/.env"; fi
    return
  fi
  local from="$source/.env.example"
  if [ -f "$source/.env" ]; then from="$source/.env"; fi
  echo "  write $app/.env from $from"
  if [ -n "$dry" ]; then return; fi
  keep_token "$from"
  (umask 077 && {
    sed -e 's|^TELEGRAM_TOKEN=.*|TELEGRAM_TOKEN=|' -e '/^ELCARO_DATA_DIR=/d' -e '/^ELCARO_LOG_DIR=/d' "$from"
    echo "ELCARO_DATA_DIR=/var/lib/elcaro"
    echo "ELCARO_LOG_DIR=/var/log/elcaro"
  } >"$app/.env")
  owned_by_elcaro "$app/.env"
}

keep_token() {
  local token
  token="$(sed -n 's/^TELEGRAM_TOKEN=//p' "$1" | tail -n 1)"
  if [ -n "$token" ] && [ ! -s "$etc/telegram_token" ]; then
    (umask 077 && printf '%s' "$token" >"$etc/telegram_token")
  fi
}

make_credentials() {
  if [ ! -e "$etc/telegram_token" ]; then
    echo "  create $etc/telegram_token, empty"
    if [ -z "$dry" ]; then (umask 077 && : >"$etc/telegram_token"); fi
  fi
  if [ -e "$etc/kek" ]; then return; fi
  if [ -f "$state/kek.key" ]; then
    do_it install -m 600 "$state/kek.key" "$etc/kek"
    return
  fi
  echo "  create $etc/kek, the key that exchange keys are sealed under"
  if [ -z "$dry" ]; then (umask 077 && head -c 32 /dev/urandom | base64 >"$etc/kek"); fi
}

install_units() {
  local unit
  for unit in elcaro-bot.service elcaro-webapp.service; do
    if cmp -s "$source/deploy/$unit" "$units/$unit"; then continue; fi
    do_it install -m 644 "$source/deploy/$unit" "$units/$unit"
  done
  if [ -z "$root" ]; then do_it systemctl daemon-reload; fi
}

install_packages() {
  if [ -n "$root" ]; then return; fi
  do_it env HOME=/root "$app/start.sh" --install
  if [ -n "$dry" ]; then return; fi
  case "$(readlink -f "$app/.venv/bin/python")" in
    /root/* | /home/*) fail "The services cannot see a Python below /root or /home: sudo apt-get install python3 python3-venv, then rm -r $app/.venv" ;;
  esac
  "$app/.venv/bin/python" -m compileall -q "$app" -x '/\.venv/' # the services cannot write here
}

say_what_is_left() {
  local step=1
  echo
  echo "What is left to you:"
  if [ ! -s "$etc/telegram_token" ]; then
    echo "  $((step++)). Put the token from @BotFather into $etc/telegram_token"
  fi
  if ! grep -q '^ELCARO_MODE=live' "$app/.env" 2>/dev/null; then
    echo "  $((step++)). Set ELCARO_MODE=live in $app/.env: services trade live, sandboxes run with ./start.sh"
  fi
  echo "  $((step++)). Keep a copy of $etc/kek away from the backups: without it nobody can open the stored exchange keys"
  echo "  $((step++)). sudo systemctl enable --now elcaro-bot"
  echo "  $((step++)). sudo systemctl status elcaro-bot shows the link that makes you the owner"
}

if [ -z "$root$dry" ] && [ "$(id -u)" != 0 ]; then fail "Run it as root: sudo deploy/install.sh (or look first with --dry-run)"; fi
echo "Installing ElCaro${root:+ below $root}${dry:+, for a look only}:"
add_user
make_folders
copy_program
write_settings
make_credentials
install_packages
install_units
say_what_is_left
