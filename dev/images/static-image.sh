#!/bin/bash
# static-image.sh BINARY NAME:TAG FILE.tar    a docker archive that holds one static binary and an empty /tmp; needs no engine
set -euo pipefail
binary=$1 reference=$2 archive=$3
program=$(basename "$binary")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/tmp"
chmod 1777 "$work/root/tmp"
install -m 755 "$binary" "$work/root/$program"
tar -C "$work/root" --owner=0 --group=0 --numeric-owner --mtime=@0 --sort=name -cf "$work/layer.tar" .
case $(uname -m) in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
printf '{"architecture":"%s","os":"linux","config":{"Entrypoint":["/%s"],"User":"65532:65532","Env":["PATH=/"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
  "$arch" "$program" "$(sha256sum <"$work/layer.tar" | cut -d' ' -f1)" >"$work/config.json"
printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$reference" >"$work/manifest.json"
tar -C "$work" -cf "$archive.part" config.json layer.tar manifest.json
mv "$archive.part" "$archive"
