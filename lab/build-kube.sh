#!/usr/bin/env bash
# Provides a real Kubernetes API server and what goes with it, for tests on a LAN in namespaces.
#
#   lab/build-kube.sh [TARGET...]     default: etcd kube-apiserver kubectl kube-proxy kube-controller-manager
#
# Each target comes from the first of these that has it:
#   1. the folder named by KUBEBUILDER_ASSETS (as setup-envtest and other tools fill it);
#   2. the cache, ${XDG_CACHE_HOME:-$HOME/.cache}/home-load-balancer/kube/<version>/;
#   3. a build from the published Go modules into that cache: about five minutes the first time, on two cores.
# Progress goes to stderr. The last line, alone on stdout, is the folder that holds the binaries.
#
#   KUBE_VERSION=v1.35.4  ETCD_VERSION=v3.6.8     which versions to build; Go's own settings (GOPROXY, GOFLAGS, GOCACHE) apply
set -euo pipefail

kube=${KUBE_VERSION:-v1.35.4}
etcd=${ETCD_VERSION:-v3.6.8}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/home-load-balancer/kube
out=$cache/$kube-etcd${etcd#v}
[ $# -gt 0 ] || set -- etcd kube-apiserver kubectl kube-proxy kube-controller-manager

say() { printf 'build-kube: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

for target in "$@"; do
  case $target in
    etcd | kube-apiserver | kubectl | kube-proxy | kube-controller-manager | kube-scheduler) ;;
    *) fail "unknown target '$target'; allowed: etcd kube-apiserver kubectl kube-proxy kube-controller-manager kube-scheduler" ;;
  esac
done

# Everything in KUBEBUILDER_ASSETS: then that folder is the answer, and nothing is written.
if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
  lacking=
  for target in "$@"; do [ -x "$KUBEBUILDER_ASSETS/$target" ] || lacking+=" $target"; done
  if [ -z "$lacking" ]; then
    say "all of it is in KUBEBUILDER_ASSETS"
    echo "$KUBEBUILDER_ASSETS"
    exit 0
  fi
  say "KUBEBUILDER_ASSETS lacks$lacking"
fi

mkdir -p "$out" || fail "cannot write to $out; set XDG_CACHE_HOME to a folder that you own"
exec 9>"$out.lock"
if ! flock -n 9; then
  say "another build is running; waiting for it"
  flock 9
fi

# k8s.io/kubernetes cannot be built as a dependency as it stands: its go.mod replaces the staging repositories by folders
# of its own tree. They are published too, as v0.x.y for Kubernetes v1.x.y, so a module that requires what it requires and
# replaces them by those builds the very same program.
kubernetes_module() {
  local dir=$cache/modules/kubernetes-$kube published
  if [ ! -f "$dir/go.sum" ]; then
    rm -rf "$dir" && mkdir -p "$dir"
    printf 'module lab/kubernetes\n\ngo 1.24\n' > "$dir/go.mod"
    published=$(cd "$dir" && go mod download -json "k8s.io/kubernetes@$kube" | sed -n 's/^\t"GoMod": "\(.*\)",*$/\1/p')
    [ -f "$published" ] || fail "k8s.io/kubernetes@$kube could not be fetched; check KUBE_VERSION and the network (go env GOPROXY)"
    awk -v version="$kube" -v staging="v0.${kube#v1.}" '
      BEGIN { print "module lab/kubernetes\n"; print "require k8s.io/kubernetes " version }
      /^go / { print }
      /^(require|replace|exclude) \($/ { block = $1; if (block == "require") { print; next } }
      block == "require" { print }
      block == "replace" && $2 == "=>" && $3 ~ /^\.\/staging\// { print "replace " $1 " => " $1 " " staging }
      /^\)$/ { block = "" }
    ' "$published" > "$dir/go.mod"
    touch "$dir/go.sum"
  fi
  echo "$dir"
}

etcd_module() {
  local dir=$cache/modules/etcd-$etcd
  mkdir -p "$dir"
  [ -f "$dir/go.mod" ] || printf 'module lab/etcd\n\ngo 1.24\n\nrequire go.etcd.io/etcd/server/v3 %s\n' "$etcd" > "$dir/go.mod"
  echo "$dir"
}

build() { # TARGET
  local target=$1 dir package flags='-s -w' path
  if [ "$target" = etcd ]; then
    dir=$(etcd_module) package=go.etcd.io/etcd/server/v3
  else
    dir=$(kubernetes_module) package=k8s.io/kubernetes/cmd/$target
    for path in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
      flags+=" -X $path.gitVersion=$kube -X $path.gitMajor=1 -X $path.gitMinor=$(cut -d. -f2 <<< "$kube") -X $path.gitTreeState=clean"
    done
  fi
  (cd "$dir" && CGO_ENABLED=0 GOWORK=off go build -mod=mod -trimpath -buildvcs=false -ldflags "$flags" -o "$out/.$target.new" "$package")
  mv "$out/.$target.new" "$out/$target" # whole or not at all
}

count=0
for target in "$@"; do
  count=$((count + 1))
  if [ -x "$out/$target" ]; then
    say "[$count/$#] $target: in the cache"
  elif [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$target" ]; then
    ln -sf "$(realpath "$KUBEBUILDER_ASSETS/$target")" "$out/$target"
    say "[$count/$#] $target: linked from KUBEBUILDER_ASSETS"
  else
    command -v go > /dev/null || fail "Go is not installed, so $target cannot be built: apt-get install golang-go, or set KUBEBUILDER_ASSETS"
    say "[$count/$#] $target: building (minutes, once)"
    started=$SECONDS
    build "$target" &
    building=$!
    while kill -0 $building 2> /dev/null; do
      sleep 1
      waited=$((SECONDS - started))
      [ $((waited % 30)) -ne 0 ] || [ $waited -eq 0 ] || say "[$count/$#] $target: $waited s"
    done
    wait $building || fail "$target could not be built (messages above)"
    say "[$count/$#] $target: built in $((SECONDS - started)) s, $(($(stat -c %s "$out/$target") / 1048576)) MiB"
  fi
done
echo "$out"
