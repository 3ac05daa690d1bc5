# Sourced by build.sh: makes sure that podman has node:24-bookworm-slim. It is pulled where Docker Hub can be reached; else a
# stand-in with the same content is put together from Debian's packages and npm's builds of node, under the name
# localhost/node:24-bookworm-slim, which `FROM node:24-bookworm-slim` finds as well.

ensure_base_image() {
  local image platform own
  own=linux/$(podman info -f '{{.Host.Arch}}')
  platform=${PLATFORM:-$own}
  for image in "localhost/$BASE_IMAGE" "docker.io/library/$BASE_IMAGE"; do
    [[ $platform/ != "$(podman image inspect -f '{{.Os}}/{{.Architecture}}' "$image" 2>/dev/null)"/* ]] || return 0
  done
  say "pulling $BASE_IMAGE for $platform"
  ! timeout 60 podman pull -q --platform "$platform" "docker.io/library/$BASE_IMAGE" >/dev/null 2>&1 || return 0
  [ "$platform" = "$own" ] ||
    die "Docker Hub does not answer, and what can be made here in the place of $BASE_IMAGE is for $own only: leave $platform out of PLATFORMS, or build where it can be pulled"
  say "Docker Hub does not answer: making a stand-in of $BASE_IMAGE from Debian and npm packages"
  make_stand_in
}

make_stand_in() {
  local root=$IMAGES_DIR/base-image mirror
  command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap >>"$IMAGES_DIR/apt.log" 2>&1 ||
    die "cannot install debootstrap; see $IMAGES_DIR/apt.log"
  mirror=$(apt-get indextargets --format '$(SITE)' 'Codename: bookworm' 'Created-By: Packages' | grep -v security | head -1)
  rm -rf "$root"
  debootstrap --variant=minbase --include=ca-certificates,libstdc++6 bookworm "$root" "${mirror:-http://deb.debian.org/debian}" \
    >"$IMAGES_DIR/debootstrap.log" 2>&1 || die "debootstrap failed; see $IMAGES_DIR/debootstrap.log"
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale,info}/* "$root"/var/log/*
  : >"$root/etc/resolv.conf"
  say "adding node"
  add_node "$root"
  chroot "$root" sh -c 'groupadd -g 1000 node && useradd -u 1000 -g node -s /bin/bash -m node'
  tar -C "$root" --numeric-owner -cf - . | podman import -q -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    -c "ENV NODE_VERSION=$(chroot "$root" node -p process.versions.node)" -c 'CMD ["node"]' - "localhost/$BASE_IMAGE" >/dev/null
  rm -rf "$root"
}

# add_node ROOT: node from npm's package of the binary, npm from its own package.
add_node() {
  local prefix=$1/usr/local arch packages
  case $(uname -m) in aarch64) arch=arm64 ;; *) arch=x64 ;; esac
  packages=$(mktemp -d)
  (cd "$packages" && npm pack --silent "node-linux-$arch@24" npm@11 >/dev/null 2>&1) || die "cannot fetch node-linux-$arch and npm from the npm registry"
  tar xzf "$packages"/node-linux-*.tgz -C "$prefix" --strip-components=1 --no-same-owner package/bin
  mkdir -p "$prefix/lib/node_modules/npm" "$prefix/etc"
  tar xzf "$packages"/npm-*.tgz -C "$prefix/lib/node_modules/npm" --strip-components=1 --no-same-owner
  rm -rf "$packages"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$prefix/bin/npm"
  ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$prefix/bin/npx"
  chmod 755 "$prefix/bin/node" "$prefix"/lib/node_modules/npm/bin/*.js
  : >"$prefix/etc/npmrc"
}
