#!/usr/bin/env bash
# Installs the real servers from Debian and npm, starts PostgreSQL and Chroma on 127.0.0.1, and runs every test that is marked `real`.
# Request Tracker, slapd, dovecot, Salt, Alertmanager, the SCIM server, the chat server and the OpenID provider are started by the tests that need them. Everything that was started ends with this.
set -euo pipefail
cd "$(git -C "$(dirname "$0")" rev-parse --show-toplevel)"
export DEBIAN_FRONTEND=noninteractive
needed=()
find /usr/lib/postgresql -name initdb 2>/dev/null | grep -q . || needed+=(postgresql)
command -v slapd >/dev/null || [ -x /usr/sbin/slapd ] || needed+=(slapd ldap-utils slapd-contrib)
[ -d /usr/share/request-tracker5 ] || needed+=(request-tracker5 rt5-standalone rt5-db-sqlite starlet)
[ -x /usr/sbin/dovecot ] || needed+=(dovecot-imapd)
command -v prometheus-alertmanager >/dev/null || needed+=(prometheus-alertmanager)
command -v openssl >/dev/null || needed+=(openssl)
command -v npm >/dev/null || needed+=(nodejs npm)
if [ ${#needed[@]} -gt 0 ]; then
    [ "$(id -u)" = 0 ] || { echo "these Debian packages are missing, and only root can install them: ${needed[*]}" >&2; exit 2; }
    [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; }
    apt-get update -qq
    apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${needed[@]}" >/dev/null
fi
user=realtest
id "$user" >/dev/null 2>&1 || useradd --system --create-home "$user"
work=$(mktemp -d)
chmod 755 "$work"
started=()
finish() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
mkdir "$work/aimock"
cp tests/real/aimock/package.json tests/real/aimock/package-lock.json "$work/aimock"
timeout 300 npm ci --prefix "$work/aimock" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
mkdir "$work/express"
cp tests/real/express/package.json tests/real/express/package-lock.json "$work/express"
timeout 300 npm ci --prefix "$work/express" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
mkdir "$work/oidc"
cp tests/real/oidc/package.json tests/real/oidc/package-lock.json "$work/oidc"
timeout 300 npm ci --prefix "$work/oidc" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
# Salt has pins that differ from ours and takes two minutes to install, so it has a folder of its own that is kept.
salt="${FIRSTLINE_TEST_SALT:-$PWD/var/salt}"
if [ ! -x "$salt/bin/salt-master" ]; then
    python3 -m venv "$salt"
    timeout 900 "$salt/bin/pip" install --quiet --disable-pip-version-check "salt==3008.3"
fi
free_port() { .venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
bin=$(dirname "$(find /usr/lib/postgresql -name initdb | sort | tail -n 1)")
install -d -o "$user" "$work/pg"
as_user() { setpriv --reuid="$user" --regid="$user" --init-groups env HOME="$work/pg" "$@"; }
pg_port=$(free_port)
as_user "$bin/initdb" -D "$work/pg/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 >/dev/null
as_user "$bin/postgres" -D "$work/pg/data" -c listen_addresses=127.0.0.1 -c port="$pg_port" -c unix_socket_directories="$work/pg" -c fsync=off >"$work/pg.log" 2>&1 &
started+=($!)
chroma_port=$(free_port)
.venv/bin/chroma run --host 127.0.0.1 --port "$chroma_port" --path "$work/chroma" >"$work/chroma.log" 2>&1 &
started+=($!)
for _ in $(seq 200); do
    "$bin/pg_isready" -q -h 127.0.0.1 -p "$pg_port" && .venv/bin/python -c "import httpx; httpx.get('http://127.0.0.1:$chroma_port/api/v2/heartbeat').raise_for_status()" 2>/dev/null && break
    sleep 0.3
done
FIRSTLINE_TEST_POSTGRESQL="postgresql+psycopg://postgres@127.0.0.1:$pg_port/postgres" FIRSTLINE_TEST_CHROMA="127.0.0.1:$chroma_port" \
    FIRSTLINE_TEST_EXPRESS="$work/express" \
    FIRSTLINE_TEST_SALT="$salt" \
    FIRSTLINE_TEST_OIDC="$work/oidc" \
    FIRSTLINE_TEST_AIMOCK="$work/aimock/node_modules/@copilotkit/aimock/dist/cli.js" \
    .venv/bin/pytest -m real "$@"
