# shellcheck shell=bash
# What the commands share; sourced by them, never run.

# The root of the repository, whatever the working folder of the caller.
ASHLAR_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly ASHLAR_ROOT

say() { printf '\n== %s\n' "$*"; }

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# jdk_version HOME: the feature version (17) of the JDK in HOME; nothing if there is no JDK.
jdk_version() {
  [[ -x $1/bin/javac && -r $1/release ]] || return 0
  sed -nE 's/^JAVA_VERSION="(1\.)?([0-9]+).*/\2/p' "$1/release"
}

# jdk_homes: candidates, the caller's choice first.
jdk_homes() {
  local javac
  [[ -z ${JAVA_HOME:-} ]] || echo "$JAVA_HOME"
  if javac=$(command -v javac); then
    dirname "$(dirname "$(readlink -f "$javac")")"
  fi
  local home
  for home in /usr/lib/jvm/*; do
    [[ -d $home && ! -L $home ]] && echo "$home"
  done
  return 0
}

# find_jdk VERSION: home of a JDK of exactly that version; nothing if there is none.
find_jdk() {
  local home
  while read -r home; do
    if [[ $(jdk_version "$home") == "$1" ]]; then
      echo "$home"
      return
    fi
  done < <(jdk_homes)
}

# find_any_jdk: the JDK to build with: 17 if there is one, else the first newer one; or nothing.
find_any_jdk() {
  local home version
  home=$(find_jdk 17)
  if [[ -n $home ]]; then
    echo "$home"
    return
  fi
  while read -r home; do
    version=$(jdk_version "$home")
    if [[ -n $version ]] && ((version >= 17)); then
      echo "$home"
      return
    fi
  done < <(jdk_homes)
}

# use_jdk HOME: what runs from here on uses that JDK.
use_jdk() {
  export JAVA_HOME=$1
}

# maven ARGUMENT...: Maven on the whole project, in batch mode and without download noise.
maven() { mvn -B -ntp -f "$ASHLAR_ROOT/pom.xml" "$@"; }

# native_access HOME: the option by which that JDK allows native code; nothing if it has none.
native_access() {
  if (($(jdk_version "$1") >= 22)); then
    echo --enable-native-access=ALL-UNNAMED
  fi
}
